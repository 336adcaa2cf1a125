PARAM what AS "rye bread", "apple cake", "cheese rolls"
PARAM amount AS INTEGER LIKE 2
PARAM code AS STRING LIKE "SPRING" OPTIONAL DESCRIPTION "A code for a discount"
DESCRIPTION "Tells the price of a order before it is made"

prices = { "rye bread": 4.80, "apple cake": 22.50, "cheese rolls": 1.90 }
price = prices[what] ?? 0

IF price = 0 THEN
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

percent = discount(amount)
IF UCASE(code) = "SPRING" AND percent < 5 THEN
    percent = 5 ' at least
END IF

total = price * amount
off = ROUND(total * percent / 100, 2)
total = total - off

TALK "${amount} x ${what}: " + FORMAT total AS "#,##0.00" + (percent > 0 ? " (${percent} % off)" : "")
RETURN { what: what, amount: amount, percent: percent, total: total, }
