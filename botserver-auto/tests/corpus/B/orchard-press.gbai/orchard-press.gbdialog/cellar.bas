# What is in the cellar: barrels, their age, and what is due for bottling
# Written for the press hall screen; Jochen wants short lines.
HEAR cellar AS "north", "south", "all cellars"
HEAR limit_days AS INTEGER WITH "Bottle what is older than how many days?" DEFAULT 90

IF cellar = "all cellars" THEN
    barrels = FIND "barrels" WHERE emptied IS NULL ORDER BY filled
ELSE
    barrels = FIND "barrels" WHERE cellar = cellar AND emptied IS NULL ORDER BY filled
END IF

IF barrels IS NULL THEN TALK "The cellar is empty." ELSE TALK "${barrels.count} barrels, oldest: ${barrels[0].no}"

k = 0
litres = 0
due = []
oldest = 0
DO
    IF k >= UBOUND(barrels) THEN EXIT DO
    barrel = barrels[k]
    k = k + 1
    age = DATEDIFF("day", barrel.filled, TODAY())
    IF age > oldest THEN oldest = age
    litres = litres + barrel.litres
    SELECT CASE barrel.kind
        CASE "cider"
            ready = age > limit_days
        CASE "perry"
            ready = age > limit_days * 1.5
        CASE "juice", "must"
            ready = TRUE
        CASE ELSE
            ready = NULL
    END SELECT
    IF ready IS NULL THEN
        LOG ACTIVITY barrel.no, "barrel", "unknown", "kind " + barrel.kind, username
    ELSE IF ready THEN
        due[UBOUND(due)] = { no: barrel.no, litres: barrel.litres, age: age }
    END IF
LOOP UNTIL k > 500

bottles = 0
text = ""
FOR EACH entry IN due
    n = INT(entry.litres / 0.75)
    bottles = bottles + n
    text = text + "| " + LEFT(entry.no + "      ", 6) + "| " + RIGHT("    " + entry.age, 4) + " | " + RIGHT("     " + n, 5) + " |\n"
NEXT entry

TALK FORMAT(litres, "#,##0.#") + " litres, oldest " + oldest + " days"
IF bottles = 0 THEN
    TALK "Nothing has to be bottled."
    EXIT
END IF
TALK text
HEAR go AS BOOLEAN WITH "Bottle " + bottles + " now?" DEFAULT FALSE
IF NOT go THEN EXIT

lot = "L" + FORMAT(TODAY(), "YY") + "-" + RIGHT("000" + DATEDIFF(TODAY(), "2026-01-01"), 3)
FOR EACH entry IN due
    UPDATE "barrels" SET emptied = NOW(), lot = lot WHERE no = entry.no
NEXT
INSERT INTO "Bottles" WITH Lot = lot, Litres = SUM(due, "litres"), Pressed = NOW()
TALK "Lot ${lot}: " + bottles + " bottles."
