PARAM job_name AS STRING LIKE "morning"
REM One file for all jobs of the pier: the name says which one runs.

If job_name = "morning" Then
    today_text = FORMAT TODAY() AS "YYYY-MM-DD"
    open_rows = FIND "bookings" WHERE status = "open" AND day = today_text
    plan = CREATE OBJECT
    SET plan.day = today_text
    SET plan.count = COUNT(open_rows)
    SET plan.names = []
    FOR EACH case IN open_rows DO
        APPEND plan.names, case.name
        due = FORMAT DATEADD(NOW(), 2, "hours") AS "YYYY-MM-DD HH:mm"
        CREATE_TASK "Prepare " + case.what + " for " + case.name, "high", "Captain Lund"
        PRINT "due " + due
    END FOR
    SAVE "plans", plan
    SAVE_FROM_UNSTRUCTURED "notes", FORMAT plan AS JSON
END IF

If job_name = "evening" Then
    old_rows = FIND "bookings" WHERE status = "open"
    late = 0
    FOR EACH case IN old_rows DO
        gone = DATEDIFF("day", case.day, TODAY())
        If gone > 0 Then
            late = late + 1
            UPDATE "bookings", "number = '" + case.number + "'", { status: "late", days: gone }
        END IF
    END FOR
    summary = "Evening of " + FORMAT NOW() AS "DD/MM/YYYY" + ": " + late + " late"
    SEND EMAIL "office@northernferries.example", summary
    SET BOT MEMORY "late_bookings", late
END IF
PRINT "ran " + job_name
