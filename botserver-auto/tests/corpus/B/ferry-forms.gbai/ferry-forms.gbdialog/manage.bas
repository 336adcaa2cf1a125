REM A menu of what can be done with passengers.
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
    If steps > 9 Then EXIT WHILE
END WHILE

TALK "Done after ${steps} steps."
RETURN

SUB add_one
    HEAR title AS TEXT WITH "The name of the crossing?"
    HEAR price AS MONEY WITH "Its price?" DEFAULT 0
    If LEN(title) < 2 Then
        TALK "That is too short."
        EXIT SUB
    END IF
    INSERT INTO "crossings" VALUES { title: title, price: price, added_by: username }
    TALK "Added " + title + " for " + FORMAT(price, "0.00") + "."
END SUB

SUB rename_one()
    HEAR old AS TEXT WITH "Which one?"
    HEAR fresh AS TEXT WITH "What is it called now?"
    UPDATE "crossings"
        SET title = fresh,
            changed = NOW()
        WHERE title = old
    TALK "${old} is ${fresh} now."
END SUB

SUB remove_one(why)
    HEAR old AS TEXT WITH "Which one goes?"
    HEAR sure AS BOOLEAN WITH "Really remove ${old}?" DEFAULT FALSE
    If NOT sure Then
        TALK "Nothing was removed."
        EXIT SUB
    END IF
    DELETE FROM "crossings" WHERE title = old
    LOG "removed", { title: old, why: why }
END SUB
