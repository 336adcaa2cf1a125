PARAM email AS EMAIL LIKE "ana@example.com" DESCRIPTION "The address of the visitor"
DESCRIPTION "Shows the open tours of a visitor"

rows = FIND "tours", "email = '${email}' AND status = 'open'"
n = COUNT(rows)

SWITCH n
CASE 0
    TALK "There is nothing under ${email}."
    RETURN []
CASE 1
    TALK "There is one tour."
DEFAULT
    TALK "There are ${n} tours."
END SWITCH

sum = 0
list = []
FOR EACH row IN rows
    price = row.price OR 0
    sum = sum + price * row.amount
    state = row.paid IS NOT NULL ? "paid" : "to pay"
    TALK row.number + ": " + row.amount + " x " + row.what + " (" + state + ")"
    PUSH list, #{ number: row.number, "state": state }
END FOR

IF sum > 0 and NOT (email CONTAINS "clocks.example") THEN
    TALK "Together " + FORMAT(sum, "0.00")
END IF
RETURN list
