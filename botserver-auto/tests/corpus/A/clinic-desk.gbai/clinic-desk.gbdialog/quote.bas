PARAM what AS "check-up", "vaccination", "blood test"
PARAM amount AS INTEGER LIKE 2
PARAM code AS STRING LIKE "SPRING" OPTIONAL DESCRIPTION "A code for a discount"
DESCRIPTION "Tells the price of a appointment before it is made"

SET prices = { "check-up": 45, "vaccination": 30.00, "blood test": 18.75 }
SET price = prices[what] ?? 0

IF price = 0 THEN
    TALK "We have no " + what + "."
    RETURN NULL
ENDIF

FUNCTION discount(n)
    SELECT CASE n
    CASE 1, 2
        RETURN 0
    CASE 3 TO 9
        RETURN 5
    CASE IS >= 10
        RETURN 10
    CASE ELSE
        RETURN 0
    END SELECT
END FUNCTION

SET percent = discount(amount)
IF UCASE(code) = "SPRING" AND percent < 5 THEN
    percent = 5 ' at least
ENDIF

SET total = price * amount
SET off = ROUND(total * percent / 100, 2)
total = total - off

TALK "${amount} x ${what}: " + FORMAT total AS "#,##0.00" + (percent > 0 ? " (${percent} % off)" : "")
RETURN { what: what, amount: amount, percent: percent, total: total, }
