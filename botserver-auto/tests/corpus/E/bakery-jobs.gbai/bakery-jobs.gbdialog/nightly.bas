SET SCHEDULE "0 30 22 * * *"
' Numbers of the day, every night.

rows = FIND "orders", "status = 'baked'"
sum = AGGREGATE "SUM", rows, "amount"
mean = AGGREGATE "AVG", rows, "amount"

report = NEW OBJECT
WITH report
    .title = "Crumb and Crust, " + FORMAT(TODAY(), "DD/MM/YYYY")
    .sum = sum OR 0
    .mean = mean OR 0
    .lines = UBOUND(rows)
END WITH
report.note = IIF(report.sum > 100, "busy", "quiet")

groups = {}
FOR EACH row IN rows
    key = row.what
    groups[key] = (groups[key] OR 0) + row.amount
NEXT
best = ""
most = 0
FOR EACH key IN groups
    IF groups[key] > most THEN
        most = groups[key]
        best = key
    END IF
NEXT
report.best = best

text = "*" + report.title + "*\n" +
    "In all " + FORMAT report.sum AS "#,##0" + " pieces, " +
    FORMAT report.mean AS "0.0" + " each.\n" +
    "Most wanted: " + best + " (" + most + "). It was " + report.note + "."
SEND EMAIL "Berta", text
SAVE "reports", report
IF report.sum = 0 THEN SET SCHEDULE DATEADD(NOW(), 1, "day"), "nightly.bas"
