' What the ovens did, as a file and by mail.
HEAR days AS INTEGER WITH "For how many days?" DEFAULT 7
HEAR to AS EMAIL WITH "Who gets it?" DEFAULT "office@crumb.example"

since = FORMAT DATEADD(TODAY(), -days, "day") AS "YYYY-MM-DD"
rows = FIND "orders" WHERE day >= since AND status <> "cancelled" ORDER BY amount DESC LIMIT 10

IF ISEMPTY(rows) THEN
    TALK "Nothing happened since " + since + "."
    EXIT
END IF

total = 0
largest = NULL
lines = []
FOR EACH row IN rows
    total = total + row.amount
    IF largest IS NULL THEN
        largest = row
    END IF
    APPEND lines, row.day + ";" + row.what + ";" + row.amount
NEXT

' The mean is over the rows that are shown.
mean = ROUND(total / UBOUND(rows), 1)
path = "reports/bakery-" + FORMAT(TODAY(), "YYYYMMDD") + ".csv"
WRITE path, "day;what;amount\n" + JOIN(lines, "\n")

body = "The " + UBOUND(rows) + " largest orders since " + since + ":\n"
body = body + "- in all: " + total + " pieces\n"
body = body + "- on average: " + mean + "\n"
body = body + "- largest: " + largest.what + " of " + largest.name
SEND MAIL to, "orders since " + since, body, ATTACHMENT path

TALK "Sent to ${to}: ${total} pieces, ${mean} each."
