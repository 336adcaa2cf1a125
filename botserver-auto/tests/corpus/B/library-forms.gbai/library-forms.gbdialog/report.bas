' What the counter did, as a file and by mail.
HEAR days AS INTEGER WITH "For how many days?" DEFAULT 7
HEAR to AS EMAIL WITH "Who gets it?" DEFAULT "office@harbourlibrary.example"

since = FORMAT DATEADD(TODAY(), -days, "day") AS "YYYY-MM-DD"
rows = FIND "loans" WHERE day >= since AND status <> "cancelled" ORDER BY amount DESC LIMIT 10

if ISEMPTY(rows) THEN
    Talk "Nothing happened since " + since + "."
    EXIT
end if

total = 0
largest = NULL
lines = []
FOR EACH row IN rows DO
    total = total + row.amount
    if largest IS NULL THEN
        largest = row
    end if
    APPEND lines, row.day + ";" + row.what + ";" + row.amount
NEXT

' The mean is over the rows that are shown.
mean = ROUND(total / UBOUND(rows), 1)
path = "reports/library-" + FORMAT(TODAY(), "YYYYMMDD") + ".csv"
WRITE path, "day;what;amount\n" + JOIN(lines, "\n")

body = "The " + UBOUND(rows) + " largest loans since " + since + ":\n"
body = body + "- in all: " + total + " volumes\n"
body = body + "- on average: " + mean + "\n"
body = body + "- largest: " + largest.what + " of " + largest.name
SEND MAIL to, "loans since " + since, body, ATTACHMENT path

Talk "Sent to ${to}: ${total} volumes, ${mean} each."
