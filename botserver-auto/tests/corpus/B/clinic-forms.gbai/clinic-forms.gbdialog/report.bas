REM What the reception did, as a file and by mail.
HEAR days AS INTEGER WITH "For how many days?" DEFAULT 7
HEAR to AS EMAIL WITH "Who gets it?" DEFAULT "office@riverside.example"

since = FORMAT DATEADD(TODAY(), -days, "day") AS "YYYY-MM-DD"
rows = FIND "appointments" WHERE day >= since AND status <> "cancelled" ORDER BY amount DESC LIMIT 10

IF ISEMPTY(rows) THEN
    TALK "Nothing happened since " + since + "."
    EXIT
ENDIF

total = 0
largest = NULL
lines = []
FOR EACH row IN rows DO
    total = total + row.amount
    IF largest IS NULL THEN
        largest = row
    ENDIF
    APPEND lines, row.day + ";" + row.what + ";" + row.amount
END FOR

REM The mean is over the rows that are shown.
mean = ROUND(total / UBOUND(rows), 1)
path = "reports/clinic-" + FORMAT(TODAY(), "YYYYMMDD") + ".csv"
WRITE path, "day;what;amount\n" + JOIN(lines, "\n")

body = "The " + UBOUND(rows) + " largest appointments since " + since + ":\n"
body = body + "- in all: " + total + " visits\n"
body = body + "- on average: " + mean + "\n"
body = body + "- largest: " + largest.what + " of " + largest.name
SEND MAIL to, "appointments since " + since, body, ATTACHMENT path

TALK "Sent to ${to}: ${total} visits, ${mean} each."
