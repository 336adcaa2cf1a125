PARAM task AS STRING LIKE "frost" ENUM ["frost", "spray", "plough", "month"] DESCRIPTION "Which of the field jobs"
PARAM field AS STRING LIKE "Long Acre" OPTIONAL
DESCRIPTION "Jobs of the fields: frost watch, spraying window, ploughing order and the month's end."

' one file, many jobs; the scheduler gives the name
SELECT CASE task
    CASE "frost", "spray"
        sky = GET "https://sky.example/v2/hours?place=alder-hill"
        coldest = 99
        windy = FALSE
        FOR EACH hour IN sky.hours LAST 4 DO
            IF hour.temp < coldest THEN coldest = hour.temp
            windy = windy OR hour.wind > 18
        END FOR
        IF task = "frost" THEN
            IF coldest <= 1 THEN
                CREATE_TASK "Cover the seedlings (" + FORMAT coldest AS "#0.0" + " C)", "urgent", "Noor"
                TALK TO "whatsapp:+4477001122", "Frost tonight: " + coldest + " C"
            ELSE
                PRINT "no frost, " + coldest
            END IF
        ELSE
            verdict = IIF(windy, "wait", "spray")
            SET BOT MEMORY "spray_" + LCASE(REPLACE(field, " ", "_")), verdict
            IF verdict = "wait" THEN SET SCHEDULE DATEADD(NOW(), 3, "hours"), "field-jobs.bas"
            PRINT verdict
        END IF
    CASE "plough"
        rows = FIND "fields", "state = 'stubble'" ORDER BY acres DESC LIMIT 2
        place = 0
        FOR EACH row IN rows DO
            place = place + 1
            row.turn = place
            row.day = FORMAT DATEADD(TODAY(), place, "day") AS "YYYY-MM-DD"
            UPDATE "fields", "name = '" + row.name + "'", { turn: row.turn, day: row.day }
        END FOR
        PRINT FIRST(rows).name + " > " + LAST(rows).name
    CASE "month"
        first_day = FORMAT NOW() AS "YYYY-MM-01"
        last_day = FORMAT EOMONTH(TODAY()) AS "YYYY-MM-DD"
        spent = AGGREGATE "SUM", "diesel", "litres", "day >= '" + first_day + "'"
        mean = (spent OR 0) / DAY(TODAY())
        guess = mean * DAY(last_day)
        PRINT "from ${first_day} to ${last_day}: ${FORMAT(guess, "#,##0.0")} l"
        SET SCHEDULE "0 6 1 * *" "field-jobs.bas" "month"
    CASE ELSE
        THROW "no field job called " + task
END SELECT
RETURN task
