REM STOCK COUNT OF THE PARTS ROOM. RESTARTABLE: EVERY SHELF IS SAVED AT ONCE.
#  shelves are letters, places are numbers
HEAR who AS TEXT WITH "Who counts?" DEFAULT username
shelf = GET USER MEMORY "count_shelf"
IF shelf <> "" THEN
	HEAR again AS BOOLEAN WITH "Go on with shelf ${shelf}?" DEFAULT TRUE
	IF NOT again THEN shelf = ""
END IF
IF shelf = "" THEN
	HEAR shelf AS TEXT WITH "Which shelf?"
	shelf = UCASE(LEFT(TRIM(shelf), 1))
	SET USER MEMORY "count_shelf", shelf
END IF

parts = FIND "parts" WHERE shelf = shelf AND active = TRUE ORDER BY place DESC LIMIT 20
wrong = 0
value = 0
short = []

FOR EACH part IN parts DO
	HEAR counted AS INTEGER WITH part.place + ". " + part.name + " (" + part.sku + ")?" DEFAULT part.stock
	difference = counted - part.stock
	value = value + counted * part.price
	IF difference = 0 THEN CONTINUE
	wrong = wrong + 1
	UPDATE "parts", "sku = '" + part.sku + "'", { stock: counted, counted_by: who, "counted_at": FORMAT(NOW(), "YYYYMMDDHHmmss") }
	IF ABS(difference) > 10 OR counted < part.minimum THEN
		PUSH short, part.sku & "=" & counted
		HEAR why AS TEXT WITH "That is " & IIF(difference > 0, "more", "less") & " by " & ABS(difference) & ". Why?" DEFAULT "unknown"
		LOG ACTIVITY part.sku, "part", "difference", why, who
	END IF
END FOR

REM THE VALUE GOES TO THE OFFICE, THE SHORT LIST TO THE BUYER.
report = "Shelf " + shelf + "\t" + FORMAT(value, "#,##0.00") + "\t" + wrong + " of " + COUNT(parts)
WRITE "counts/" + FORMAT(TODAY(), "YYYY-MM") + "/" + LCASE(shelf) + ".txt", report
IF UBOUND(short) > 0 THEN
	POST "https://buyer.rosenholm.example/orders", #{ shelf: shelf, items: short, by: who }
END IF
SET USER MEMORY "count_shelf", ""

BEGIN TALK
Shelf **${shelf}** is counted, ${who}.
${wrong} of ${COUNT(parts)} were wrong (${FORMAT(wrong / COUNT(parts), "0%")}).
END TALK
