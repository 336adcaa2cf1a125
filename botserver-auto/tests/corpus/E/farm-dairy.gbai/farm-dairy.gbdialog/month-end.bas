' calls the other jobs one after the other and keeps what they gave
SET SCHEDULE "0 20 28-31 * *"
jobs = ["plough", "month", "dance", "frost"]
done = []
bad = 0
i = 0

' the cron comes on four days, only the last one of the month counts - or when forced
forced = GET BOT MEMORY("force_month_end")
IF DAY(DATEADD(TODAY(), 1, "day")) <> 1 AND forced <> "yes" THEN
    PRINT "not the last day"
    RETURN
END IF

DO UNTIL i >= UBOUND(jobs)
    TRY
        given = CALL "field-jobs.bas", jobs[i], "Hare Piece"
        done[UBOUND(done)] = given
    CATCH problem
        bad = bad + 1
        PRINT UCASE(jobs[i]) + " went wrong: " + problem.message
    END TRY
    i = i + 1
LOOP

IF bad THEN SEND EMAIL "office@alderhill.example", bad + " of " + UBOUND(jobs) + " jobs failed"
SAVE "runs" WITH day AS TODAY(), names AS JOIN(done, "+"), failed AS bad
SET BOT MEMORY "force_month_end", ""
