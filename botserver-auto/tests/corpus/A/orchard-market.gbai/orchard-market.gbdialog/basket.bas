PARAM items AS ARRAY DESCRIPTION "Lines of the basket, each with sku and kilos"
PARAM pickup AS DATE LIKE "2026-09-12" DESCRIPTION "The market day"
PARAM voucher AS STRING LIKE "CIDER5" OPTIONAL DESCRIPTION "A voucher, if there is one"
DESCRIPTION "Puts together a basket of the Pomander Hill market stall and keeps it"

FUNCTION season_of(m)
    SELECT CASE m
        CASE 12, 1, 2 : RETURN "store"
        CASE 3 TO 5
            RETURN "none"
        CASE IS < 9
            RETURN "summer"
        CASE ELSE
            RETURN "harvest"
    END SELECT
END FUNCTION

season = season_of(MONTH(pickup))
IF season = "none" OR UBOUND(items) = 0 THEN
    TALK IIF(season = "none", "There is no market in spring.", "The basket is empty.")
    RETURN { ok: FALSE }
END IF

weekday = WEEKDAY(pickup)
IF weekday <> 7 THEN
    pickup = FORMAT DATEADD(pickup, 7 - weekday, "day") AS "YYYY-MM-DD"
    TALK "The market is on Saturdays, so we take ${FORMAT(pickup, "DD/MM/YYYY")}."
END IF

basket = {}
basket.lines = []
basket.total = 0
missing = []

FOR item IN items DO
    goods = FIND "goods.csv", "sku = " + item.sku
    if !goods || goods.kilos < item.kilos {
        missing.push(goods?.name ?? item.sku)
        CONTINUE
    }
    price = season = "harvest" ? goods.price * 0.8 : goods.price
    basket.lines[UBOUND(basket.lines)] = { sku: item.sku, name: goods.name, kilos: item.kilos, sum: ROUND(price * item.kilos, 2) }
    basket.total = basket.total + basket.lines[UBOUND(basket.lines) - 1].sum
    UPDATE "goods.csv", "sku = " + item.sku, { kilos: goods.kilos - item.kilos }
END FOR

IF voucher STARTS WITH "CIDER" THEN
    off = VAL(MID(voucher, 6))
    basket.total = MAX(0, basket.total - off)
ELSE IF voucher IS NOT EMPTY THEN
    TALK "The voucher ${voucher} is not ours."
END IF

IF missing THEN TALK "Sold out: " + JOIN(missing, ", ")
basket.id = SAVE "baskets", pickup, basket
TALK FORMAT(basket.total, "$#,###.00") + " for " + SUM(basket.lines, "kilos") + " kg, " + pickup
RETURN WITH ok AS TRUE, total AS basket.total, missing AS UBOUND(missing), lines AS UBOUND(basket.lines)
