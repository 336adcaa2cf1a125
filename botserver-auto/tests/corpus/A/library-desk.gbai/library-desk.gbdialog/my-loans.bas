PARAM email AS EMAIL LIKE "ana@example.com" DESCRIPTION "The address of the reader"
DESCRIPTION "Shows the open loans of a reader"

rows = FIND "loans", "email = '${email}' AND status = 'open'"
n = COUNT(rows)

SWITCH n
CASE 0
    Talk "There is nothing under ${email}."
    return []
CASE 1
    Talk "There is one loan."
DEFAULT
    Talk "There are ${n} loans."
END SWITCH

sum = 0
list = []
FOR EACH row IN rows DO
    price = row.price OR 0
    sum = sum + price * row.amount
    state = row.paid IS NOT NULL ? "paid" : "to pay"
    Talk row.number + ": " + row.amount + " x " + row.what + " (" + state + ")"
    PUSH list, #{ number: row.number, "state": state }
NEXT

if sum > 0 && NOT (email CONTAINS "harbourlibrary.example") THEN
    Talk "Together " + FORMAT(sum, "0.00")
end if
RETURN list
