REM A menu of what can be done with patients.
done = FALSE
steps = 0

WHILE done = FALSE
    HEAR choice AS MENU "Add", "Rename", "Remove", "Stop" WITH "What shall I do?"
    steps = steps + 1
    SELECT CASE choice
        CASE "Add"
            CALL add_one
        CASE "Rename"
            CALL rename_one
        CASE "Remove" : CALL remove_one("asked for")
        CASE ELSE
            done = TRUE
    END SELECT
    IF steps > 9 THEN EXIT WHILE
END WHILE

TALK "Done after ${steps} steps."
RETURN

SUB add_one
    HEAR title AS TEXT WITH "The name of the check-up?"
    HEAR price AS MONEY WITH "Its price?" DEFAULT 0
    IF LEN(title) < 2 THEN
        TALK "That is too short."
        EXIT SUB
    ENDIF
    INSERT INTO "check-ups" VALUES { title: title, price: price, added_by: username }
    TALK "Added " + title + " for " + FORMAT(price, "0.00") + "."
END SUB

SUB rename_one()
    HEAR old AS TEXT WITH "Which one?"
    HEAR fresh AS TEXT WITH "What is it called now?"
    UPDATE "check-ups"
        SET title = fresh,
            changed = NOW()
        WHERE title = old
    TALK "${old} is ${fresh} now."
END SUB

SUB remove_one(why)
    HEAR old AS TEXT WITH "Which one goes?"
    HEAR sure AS BOOLEAN WITH "Really remove ${old}?" DEFAULT FALSE
    IF NOT sure THEN
        TALK "Nothing was removed."
        EXIT SUB
    ENDIF
    DELETE FROM "check-ups" WHERE title = old
    LOG "removed", { title: old, why: why }
END SUB
