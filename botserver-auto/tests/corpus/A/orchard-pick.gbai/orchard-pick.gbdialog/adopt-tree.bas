REM ------------------------------------------------------------
REM  adopt-tree
REM  Somebody pays for a tree and gets its apples for one season.
REM ------------------------------------------------------------
PARAM adopter AS NAME LIKE "Wilma Oake" REQUIRED DESCRIPTION "Full name of whoever adopts"
PARAM variety AS "Cox", "Boskoop", "Discovery"
PARAM seasons AS INTEGER LIKE 1 DEFAULT 1 DESCRIPTION "How many seasons, one to five"
PARAM gift_for AS STRING LIKE "Grandfather" OPTIONAL DESCRIPTION "Name on the plate when it is a present"
PARAM extras AS ARRAY OPTIONAL DESCRIPTION "Any of: ladder, basket, juice"

DESCRIPTION "Adopts a fruit tree at Pomander Hill and reserves its number"

LET rows_of = { Cox: 4, Boskoop: 7, Discovery: 11 }
LET fee = 45
LET total = 0

If seasons < 1 OR seasons > 5 Then
    Talk "A tree is adopted for one to five seasons, not ${seasons}."
    Return -1
End If

tree = FIND "trees", "variety = '" + variety + "' AND adopted_by = ''"
IF NOT tree THEN
    TALK "All our " + variety + " trees have somebody already."
    SET BOT MEMORY "waiting_" + LCASE(variety), adopter
    RETURN NULL
END IF

REM The set reads like its first row, but it can be counted too.
TALK "${UBOUND(tree)} " + variety + (UBOUND(tree) = 1 ? " tree is" : " trees are") + " still free."

LET total = fee * seasons
IF seasons >= 3 THEN LET total = total - ROUND(total * 0.125, 2)

LET extra_prices = #{ "ladder": 6, "basket": 3.5, "juice": 12, }
FOR EACH extra IN extras
    LET cost = extra_prices[LCASE(extra)]
    IF cost IS NULL THEN
        TALK "We do not know the extra \"${extra}\", so we leave it out."
    ELSE
        LET total = total + cost
    END IF
NEXT extra

LET plate = gift_for OR adopter
LET last_year = YEAR(TODAY()) + seasons - 1

WITH adoption
    .tree = tree.number
    .variety = variety
    .row = rows_of[variety]
    .plate = UCASE(plate)
    .until = last_year + "-11-30"
    .total = total
END WITH
adoption.gift = gift_for IS NOT NULL

SAVE "adoptions", adoption
UPDATE "trees", tree.number, "adopted_by", adopter

BEGIN TALK
**Tree ${tree.number}, row ${adoption.row}**

The plate will say ${adoption.plate}.
Yours until ${FORMAT(adoption.until, "DD/MM/YYYY")}, for ${FORMAT(total, "#,##0.00")} euros.
END TALK

RETURN adoption
