# What does it cost to rent a tap trailer?
DESCRIPTION "Quotes a tap trailer with beer"
PARAM guests AS INTEGER LIKE 80 REQUIRED DESCRIPTION "How many guests are expected"
PARAM style AS STRING ENUM ["lager", "wheat", "porter"] DEFAULT "lager"
PARAM day AS DATE LIKE "2026-06-20"
PARAM unit AS "litres", "kegs"

DIM prices(3)
ON ERROR GOTO trouble
list = GET "https://price.hopfenau.example/list/" + LCASE(style)
price = list.per_litre

litres = CEILING(guests * 1.4)
kegs = INT((litres + 29) / 30)

SWITCH WEEKDAY(day)
    CASE 1, 7
        surcharge = 40
    CASE 6
        surcharge = 20
    DEFAULT
        surcharge = 0
END SWITCH

sum = kegs * 30 * price + 120 + surcharge
prices[0] = kegs * 30 * price
prices[1] = 120
prices[2] = surcharge

how_much = (unit = "kegs") ? kegs + " kegs" : litres + " litres"
TALK how_much + " of " + style + " for " + guests + " guests: € " + FORMAT sum AS "#,##0"
RETURN { sum: sum, parts: prices, month: FORMAT day AS "MMMM yyyy", check: 2 ^ 3 }

trouble:
TALK "The price list is closed: " + ERROR MESSAGE
SEND EMAIL "office@hopfenau.example", "Someone asked for " + guests + " guests on ${day}, no price for ${style}."
RETURN
