PARAM job_name AS STRING LIKE "morning"
REM One file for all jobs of the reception: the name says which one runs.

IF job_name = "morning" THEN
    today_text = FORMAT TODAY() AS "YYYY-MM-DD"
    open_rows = FIND "appointments" WHERE status = "open" AND day = today_text
    plan = CREATE OBJECT
    SET plan.day = today_text
    SET plan.count = COUNT(open_rows)
    SET plan.names = []
    FOR EACH case IN open_rows DO
        APPEND plan.names, case.name
        due = FORMAT DATEADD(NOW(), 2, "hours") AS "YYYY-MM-DD HH:mm"
        CREATE_TASK "Prepare " + case.what + " for " + case.name, "high", "Nurse Okafor"
        PRINT "due " + due
    END FOR
    SAVE "plans", plan
    SAVE_FROM_UNSTRUCTURED "notes", FORMAT plan AS JSON
ENDIF

IF job_name = "evening" THEN
    old_rows = FIND "appointments" WHERE status = "open"
    late = 0
    FOR EACH case IN old_rows DO
        gone = DATEDIFF("day", case.day, TODAY())
        IF gone > 0 THEN
            late = late + 1
            UPDATE "appointments", "number = '" + case.number + "'", { status: "late", days: gone }
        ENDIF
    END FOR
    summary = "Evening of " + FORMAT NOW() AS "DD/MM/YYYY" + ": " + late + " late"
    SEND EMAIL "office@riverside.example", summary
    SET BOT MEMORY "late_appointments", late
ENDIF
PRINT "ran " + job_name
