' Delays of yesterday. Every train that came late more than 5 minutes is listed,
' the worst line gets a task.
SET SCHEDULE "45 3 * * *", "delays.bas"

yesterday = FORMAT DATEADD(TODAY(), -1, "day") AS "YYYY-MM-DD"
key = "delays_" + yesterday
known = CACHE GET key
IF known IS NOT NULL THEN
    PRINT "already done: " + known
    EXIT
END IF

runs = FIND "runs", "day = '" + yesterday + "'"
late_by_line = {}
list = []
FOR EACH run IN runs
    mins = DATEDIFF("minute", run.planned, run.arrived)
    IF mins <= 5 THEN CONTINUE
    run.mins = mins
    list[UBOUND(list)] = run
    IF late_by_line[run.line] = NULL THEN
        late_by_line[run.line] = []
    END IF
    late_by_line[run.line].PUSH(mins)
NEXT run

worst = NULL
FOR EACH line IN late_by_line
    mean = AVG(late_by_line[line])
    top = MAX(late_by_line[line])
    IF worst IS NULL OR mean > worst.mean THEN
        worst = #{ line: line, mean: mean, top: top, n: UBOUND(late_by_line[line]) }
    END IF
NEXT line

report$ = "Delays on " + FORMAT yesterday AS "DD MMM YYYY" + CHR(10)
FOR EACH case IN list DO
    report$ = report$ + RIGHT("   " + case.mins, 4) + " min  " + LEFT(case.train + "          ", 8) + MID(case.line, 1, 5) + "\n"
END FOR

IF worst <> NULL THEN
    report$ = report$ + "Worst: ${worst.line}, ${FORMAT(worst.mean, "0.0")} min in the mean, ${worst.top} at most"
    IF worst.mean > 20 OR worst.n >= 3 THEN
        due = FORMAT DATEADD(NOW(), 2, "days"), "YYYY-MM-DD"
        CREATE TASK "Look at line " + worst.line, "high", "traffic"
        PRINT "due " + due
    END IF
ELSE
    report$ = report$ + "None."
END IF
WRITE "reports/" + yesterday + ".txt", report$
SEND EMAIL "traffic@lowmoor.example", report$
CACHE SET key, UBOUND(list) + " late", 86400
LOG ACTIVITY key, "report", "write", "delays written", "job"
