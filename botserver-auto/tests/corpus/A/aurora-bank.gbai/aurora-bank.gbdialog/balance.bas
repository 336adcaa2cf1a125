PARAM customer_id AS INTEGER LIKE 42 DESCRIPTION "Number of the customer"
PARAM months AS INTEGER LIKE 3 OPTIONAL DEFAULT 1
DESCRIPTION "Shows the balance of the account and the latest movements"

customer = FIND "customers", "id=" + customer_id
IF NOT customer THEN
    TALK "I do not know this customer."
    RETURN NULL
END IF

from_date = DATEADD(TODAY(), -months, "month")
moves = FIND "statements" WHERE customer_id = customer_id AND when >= from_date ORDER BY when DESC LIMIT 10

total = 0
FOR EACH m IN moves
    IF m.kind = "credit" THEN
        total = total + m.amount
    ELSE
        total = total - m.amount
    END IF
    TALK FORMAT(m.when, "dd/MM") + "  " + m.note + "  " + FORMAT(m.amount, "R$ #,##0.00")
NEXT m

IF COUNT(moves) = 0 THEN TALK "No movements since " & FORMAT(from_date, "dd/MM/yyyy")
TALK "Balance of " + customer.name + ": " + FORMAT(total, "R$ #,##0.00")
RETURN total
