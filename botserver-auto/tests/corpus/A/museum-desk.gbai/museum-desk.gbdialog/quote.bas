PARAM what AS "guided tour", "workshop", "night opening"
PARAM amount AS INTEGER LIKE 2
PARAM code AS STRING LIKE "SPRING" OPTIONAL DESCRIPTION "A code for a discount"
DESCRIPTION "Tells the price of a tour before it is made"

let prices = #{ "guided tour": 9.50, "workshop": 24, "night opening": 14.00 }
let price = prices[what] ?? 0

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

let percent = discount(amount)
IF UCASE(code) = "SPRING" and percent < 5 THEN
    percent = 5 ' at least
END IF

let total = price * amount
let off = ROUND(total * percent / 100, 2)
total = total - off

TALK "${amount} x ${what}: " + FORMAT total AS "#,##0.00" + (percent > 0 ? " (${percent} % off)" : "")
RETURN #{ what: what, amount: amount, percent: percent, total: total, }
