PARAM email AS EMAIL LIKE "ana@example.com" DESCRIPTION "The address of the customer"
DESCRIPTION "Shows the open orders of a customer"

rows = FIND "orders", "email = '${email}' AND status = 'open'"
n = COUNT(rows)

SWITCH n
CASE 0
    TALK "There is nothing under ${email}."
    RETURN []
CASE 1
    TALK "There is one order."
DEFAULT
    TALK "There are ${n} orders."
END SWITCH

sum = 0
list = []
FOR EACH row IN rows
    price = row.price OR 0
    sum = sum + price * row.amount
    state = row.paid IS NOT NULL ? "paid" : "to pay"
    TALK row.number + ": " + row.amount + " x " + row.what + " (" + state + ")"
    PUSH list, { number: row.number, "state": state }
NEXT

IF sum > 0 AND NOT (email CONTAINS "crumb.example") THEN
    TALK "Together " + FORMAT(sum, "0.00")
END IF
RETURN list
