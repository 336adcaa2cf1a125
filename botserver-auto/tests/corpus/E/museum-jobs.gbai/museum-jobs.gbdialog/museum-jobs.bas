PARAM job_name AS STRING LIKE "morning"
// One file for all jobs of the front desk: the name says which one runs.

IF job_name = "morning" THEN
    today_text = FORMAT TODAY() AS "YYYY-MM-DD"
    open_rows = FIND "tours" WHERE status = "open" AND day = today_text
    plan = CREATE OBJECT
    SET plan.day = today_text
    SET plan.count = COUNT(open_rows)
    SET plan.names = []
    FOR EACH case IN open_rows DO
        APPEND plan.names, case.name
        due = FORMAT DATEADD(NOW(), 2, "hours") AS "YYYY-MM-DD HH:mm"
        CREATE_TASK "Prepare " + case.what + " for " + case.name, "high", "Mr Adeyemi"
        PRINT "due " + due
    END FOR
    SAVE "plans", plan
    SAVE_FROM_UNSTRUCTURED "notes", FORMAT plan AS JSON
END IF

IF job_name = "evening" THEN
    old_rows = FIND "tours" WHERE status = "open"
    late = 0
    FOR EACH case IN old_rows DO
        gone = DATEDIFF("day", case.day, TODAY())
        IF gone > 0 THEN
            late = late + 1
            UPDATE "tours", "number = '" + case.number + "'", #{ status: "late", days: gone }
        END IF
    END FOR
    summary = "Evening of " + FORMAT NOW() AS "DD/MM/YYYY" + ": " + late + " late"
    SEND EMAIL "office@clocks.example", summary
    SET BOT MEMORY "late_tours", late
END IF
PRINT "ran " + job_name
