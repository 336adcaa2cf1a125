REM LEASE OF A VAN. ALL OR NOTHING: THE CAR AND THE CONTRACT ARE WRITTEN TOGETHER.
HEAR company AS TEXT WITH "Which company?"
HEAR site AS URL WITH "Its web site?" DEFAULT "https://none.example"
HEAR colour AS COLOR WITH "A colour for the van?" DEFAULT "white"
HEAR language AS LANGUAGE WITH "The language of the letters?" DEFAULT "en"
HEAR zip AS ZIPCODE WITH "Postal code of the depot?"
HEAR months AS INTEGER WITH "For how many months?" DEFAULT 12
HEAR start_day AS DATE WITH "From which day?" DEFAULT "tomorrow"

van = FIND "vans" WHERE state = "free" ORDER BY mileage LIMIT 1
IF UBOUND(van) = 0 THEN
    TALK "No van is free."
    RETURN NULL
END IF

rate = 0
SELECT CASE months
CASE IS >= 24
    rate = 289
CASE 12 TO 23
    rate = 319.5
CASE ELSE
    rate = 389
END SELECT

first = DATEVALUE(start_day)
instalments = []
FOR m = 0 TO months - 1
    when = DATEADD(first, m, "month")
    PUSH instalments, FORMAT(when, "YYYY-MM-DD")
NEXT m
last_day = FORMAT(DATEADD(DATEADD(first, months, "month"), -1, "day"), "YYYY-MM-DD")

TRY
    BEGIN TRANSACTION
    contract = INSERT INTO "contracts" VALUES {
        company: company, site: site, colour: colour,
        language: language, depot: zip,
        van: van.plate, rate: rate,
        "from": start_day, "to": last_day,
    }
    UPDATE "vans" SET state = "leased", colour = colour, contract = contract.id WHERE plate = van.plate
    COMMIT
CATCH problem
    ROLLBACK
    TALK "The contract could not be written: ${problem.message}"
    RETURN NULL
END TRY

TALK "${company} has ${van.plate} (${LCASE(colour)}) from ${FORMAT(start_day, "D MMM YYYY")} to ${FORMAT(last_day, "D MMM YYYY")}."
TALK "${UBOUND(instalments)} x " + FORMAT(rate, "#,##0.00") + ", the last on " + LAST(instalments) + "; " + FORMAT (rate * months) AS "#,##0" + " in all."
