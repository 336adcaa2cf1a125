PARAM what AS "novel", "atlas", "sheet music"
PARAM amount AS INTEGER LIKE 2
PARAM code AS STRING LIKE "SPRING" OPTIONAL DESCRIPTION "A code for a discount"
DESCRIPTION "Tells the price of a loan before it is made"

prices = #{ "novel": 0.20, "atlas": 0.50, "sheet music": 0.35 }
price = prices[what] ?? 0

if price == 0 THEN
    Talk "We have no " + what + "."
    return NULL
end if

FUNCTION discount(n)
    SELECT CASE n
    CASE 1, 2
        return 0
    CASE 3 TO 9
        return 5
    CASE IS >= 10
        return 10
    CASE ELSE
        return 0
    end select
END FUNCTION

percent = discount(amount)
if UCASE(code) == "SPRING" && percent < 5 THEN
    percent = 5 ' at least
end if

total = price * amount
off = ROUND(total * percent / 100, 2)
total = total - off

Talk "${amount} x ${what}: " + FORMAT total AS "#,##0.00" + (percent > 0 ? " (${percent} % off)" : "")
return #{ what: what, amount: amount, percent: percent, total: total, }
