' The kitchen rota: who cooks, who washes, and what to do about swaps.
today_text = FORMAT TODAY() AS "YYYY-MM-DD"
monday = DATEADD(TODAY(), 1 - ((WEEKDAY(TODAY()) + 5) MOD 7) - 1, "day")

HEAR wish AS MENU "show", "fill", "swap", "clear" WITH "Kitchen rota: show, fill, swap or clear?"

SELECT CASE wish
	CASE "show"   : CALL show_week
	CASE "fill"   : CALL fill_week
	CASE "swap"   : CALL swap_two
	CASE "clear"
		HEAR sure AS BOOLEAN WITH "Empty the whole week?"
		IF sure THEN DELETE FROM "rota" WHERE day >= FORMAT(monday, "YYYY-MM-DD") AND fixed = FALSE
END SELECT
CALL show_week
RETURN

SUB show_week()
	rota = FIND "rota" WHERE day >= FORMAT(monday, "YYYY-MM-DD") ORDER BY day
	IF rota IS EMPTY THEN
		TALK "Nobody cooks this week."
		EXIT SUB
	END IF
	FOR EACH line IN rota
		mark = line.day = today_text ? " <- today" : ""
		TALK FORMAT(line.day, "DD/MM") + ": " + (line.cook OR "?") + " / " + (line.washer OR "?") + mark
	NEXT line
END SUB

SUB fill_week
	guests = []
	WHILE TRUE DO
		guest = HEAR "Who is in the house? (empty when all are named)"
		IF guest = "" OR guest IS NULL THEN EXIT WHILE
		IF IN_ARRAY(guests, guest) THEN
			TALK "${guest} is on the list."
		ELSE
			APPEND guests, guest
		END IF
	END WHILE
	IF UBOUND(guests) < 2 THEN
		TALK "Two at least."
		EXIT SUB
	END IF
	FOR d = 0 TO 6 STEP 2
		day = FORMAT(DATEADD(monday, d, "day"), "YYYY-MM-DD")
		cook = guests[d MOD UBOUND(guests)]
		washer = guests[(d + 1) MOD UBOUND(guests)]
		SAVE "rota", day, cook, washer
	NEXT
END SUB

SUB swap_two
	HEAR first_day AS DATE WITH "Which day?"
	HEAR second_day AS DATE WITH "With which?"
	a = FIND "rota", "day", first_day
	b = FIND "rota", "day", second_day
	IF NOT (a AND b) THEN THROW "there is no such day"
	UPDATE "rota" SET cook = b.cook WHERE day = first_day
	UPDATE "rota" SET cook = a.cook WHERE day = second_day
END SUB
