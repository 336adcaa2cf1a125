SET SCHEDULE "0 30 22 * * *"
REM Numbers of the day, every night.

rows = FIND "appointments", "status = 'confirmed'"
sum = AGGREGATE "SUM", rows, "amount"
mean = AGGREGATE "AVG", rows, "amount"

report = NEW OBJECT
WITH report
    .title = "Riverside Clinic, " + FORMAT(TODAY(), "DD/MM/YYYY")
    .sum = sum OR 0
    .mean = mean OR 0
    .lines = UBOUND(rows)
END WITH
report.note = IIF(report.sum > 100, "busy", "quiet")

groups = {}
FOR EACH row IN rows DO
    key = row.what
    groups[key] = (groups[key] OR 0) + row.amount
END FOR
best = ""
most = 0
FOR EACH key IN groups DO
    IF groups[key] > most THEN
        most = groups[key]
        best = key
    ENDIF
END FOR
report.best = best

text = "*" + report.title + "*\n" +
    "In all " + FORMAT report.sum AS "#,##0" + " visits, " +
    FORMAT report.mean AS "0.0" + " each.\n" +
    "Most wanted: " + best + " (" + most + "). It was " + report.note + "."
SEND EMAIL "Nurse Okafor", text
SAVE "reports", report
IF report.sum = 0 THEN SET SCHEDULE DATEADD(NOW(), 1, "day"), "nightly.bas"
