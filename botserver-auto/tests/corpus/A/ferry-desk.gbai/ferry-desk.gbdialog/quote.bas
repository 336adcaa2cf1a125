PARAM what AS "day return", "car and driver", "bicycle"
PARAM amount AS INTEGER LIKE 2
PARAM code AS STRING LIKE "SPRING" OPTIONAL DESCRIPTION "A code for a discount"
DESCRIPTION "Tells the price of a booking before it is made"

LET prices = { "day return": 19, "car and driver": 88.00, "bicycle": 6.50 }
LET price = prices[what] ?? 0

If price = 0 Then
    TALK "We have no " + what + "."
    RETURN NULL
END IF

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

LET percent = discount(amount)
If UCASE(code) = "SPRING" AND percent < 5 Then
    percent = 5 ' at least
END IF

LET total = price * amount
LET off = ROUND(total * percent / 100, 2)
total = total - off

TALK "${amount} x ${what}: " + FORMAT total AS "#,##0.00" + (percent > 0 ? " (${percent} % off)" : "")
RETURN { what: what, amount: amount, percent: percent, total: total, }
