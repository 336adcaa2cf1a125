PARAM email AS EMAIL LIKE "ana@example.com" DESCRIPTION "The address of the passenger"
DESCRIPTION "Shows the open bookings of a passenger"

rows = FIND "bookings", "email = '${email}' AND status = 'open'"
n = COUNT(rows)

SWITCH n
CASE 0
    TALK "There is nothing under ${email}."
    RETURN []
CASE 1
    TALK "There is one booking."
DEFAULT
    TALK "There are ${n} bookings."
END SWITCH

sum = 0
list = []
FOR EACH row IN rows
    price = row.price OR 0
    sum = sum + price * row.amount
    state = row.paid IS NOT NULL ? "paid" : "to pay"
    TALK row.number + ": " + row.amount + " x " + row.what + " (" + state + ")"
    PUSH list, { number: row.number, "state": state }
NEXT row

If sum > 0 AND NOT (email CONTAINS "northernferries.example") Then
    TALK "Together " + FORMAT(sum, "0.00")
END IF
RETURN list
