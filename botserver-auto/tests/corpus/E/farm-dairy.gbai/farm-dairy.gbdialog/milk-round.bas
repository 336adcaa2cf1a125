REM Milk round of the Alder Hill dairy, reckoned after the lorry is back.
REM Author: Tobias. Runs at a quarter past seven, never on Sundays.
SET SCHEDULE "15 7 * * 1-6"

Let today = FORMAT TODAY() AS "YYYY-MM-DD"
Let churns = FIND "churns" WHERE day = today ORDER BY farm

IF NOT churns THEN
    PRINT "no churns on " + today
    SEND EMAIL "hilda@alderhill.example", "No milk came in on " + today + "."
    RETURN
END IF

tally = CREATE OBJECT
SET tally.day = today
SET tally.litres = 0
SET tally.refused = []
SET tally.farms = #{}

FOR EACH churn IN churns DO
    IF churn.warm > 6 OR churn.smell IS NOT NULL THEN
        PUSH tally.refused, { farm: churn.farm, why: churn.smell OR "too warm (" + churn.warm + " C)" }
        CREATE_TASK "Ring " + churn.farm + " about churn " + churn.tag, "high", "Hilda"
        CONTINUE
    END IF
    tally.litres = tally.litres + churn.litres
    SET tally.farms[churn.farm] = (tally.farms[churn.farm] OR 0) + churn.litres
END FOR

price = GET BOT MEMORY "price_per_litre"
IF price = "" THEN
    price = 0.52
    SET BOT MEMORY "price_per_litre", price
END IF

FOR EACH grower IN tally.farms
    amount = tally.farms[grower]
    cents = ROUND(amount * price * 100)
    bonus = amount >= 300 ? 1.5 : 0
    slip = NEW OBJECT
    WITH slip
        farm = grower
        day = today
        litres = amount
        pay = cents / 100 + bonus
        due = FORMAT DATEADD(TODAY(), 14, "day") AS "YYYY-MM-DD"
    END WITH
    SAVE "slips", slip
    line = grower + ": " + FORMAT amount AS "#,##0.0" + " l, " + FORMAT slip.pay AS "#,##0.00" + " EUR"
    PRINT line
NEXT grower

tally.share = tally.litres / MAX(1, UBOUND(tally.farms))
SAVE_FROM_UNSTRUCTURED "rounds", FORMAT tally AS JSON
SEND EMAIL "hilda@alderhill.example", "Round of ${FORMAT(TODAY(), "DD/MM/YYYY")}", "In the tank: ${FORMAT(tally.litres, "#,##0")} l\nRefused: ${UBOUND(tally.refused)}\nPer farm: ${FORMAT(tally.share, "0.0")} l"
