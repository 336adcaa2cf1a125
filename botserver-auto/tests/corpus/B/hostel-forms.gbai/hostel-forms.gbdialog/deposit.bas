' Deposit for keys, towels and bicycles; the drawer is counted at the end of a shift.
LET drawer = VAL(GET BOT MEMORY("drawer"))
LET prices = { key: 10, towel: 5, bicycle: 50 }
LET log_lines = ARRAY("start " + FORMAT(drawer, "0.00"))
LET shift_open = TRUE

DO UNTIL NOT shift_open
    HEAR act AS MENU "take", "give back", "count" WITH "Take, give back or count?"
    SWITCH LCASE(act)
        CASE "take", "give back"
            HEAR what AS "key", "towel", "bicycle"
            HEAR room AS INTEGER WITH "Room?"
            LET amount = prices[what] * IIF(act = "take", 1, -1)
            IF act = "give back" THEN GOSUB find_deposit
            IF amount = 0 THEN CONTINUE
            LET drawer = drawer + amount
            INSERT INTO "deposits" WITH room = room, what = what, amount = amount, at = FORMAT(NOW(), "DD/MM/YYYY HH:mm")
            APPEND log_lines, FORMAT(amount, "+#.#") + " " + what + " " + room
            TALK IIF(amount > 0, "Take ", "Give ") & ABS(amount) & " euros " & IIF(amount > 0, "from", "to") & " room ${room}."
        DEFAULT
            LET shift_open = FALSE
    END SWITCH
LOOP

HEAR counted AS MONEY WITH "How much is in the drawer?" DEFAULT drawer
LET gap = ROUND(counted - drawer, 2)
IF gap <> 0 THEN
    TALK "There " & (gap > 0 ? "are ${gap} too many" : "is ${ABS(gap)} too little") & "."
    CREATE TASK "Drawer of ${FORMAT(TODAY(), "DD/MM")}", "gap " & gap, "manager", DATEADD(TODAY(), 2, "day"), "high"
END IF
SET BOT MEMORY "drawer" AS counted
BOT SHARE MEMORY "drawer" WITH "hostel-office"
WRITE JOIN(log_lines, "\n") TO "shifts/" + FORMAT(NOW(), "YYYYMMDD_HHmmss") + ".txt"
TALK "Good night. " & FORMAT(counted, "#,##0.00") & " euros in the drawer."
EXIT

find_deposit:
LET paid = FIND "deposits" WHERE room = room AND what = what AND amount > 0 FIRST
IF paid IS NULL THEN
    TALK "Room ${room} has no deposit for a ${what}."
    LET amount = 0
END IF
RETURN
