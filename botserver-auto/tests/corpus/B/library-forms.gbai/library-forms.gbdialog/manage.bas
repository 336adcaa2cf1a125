' A menu of what can be done with readers.
done = FALSE
steps = 0

WHILE done == FALSE
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
    end select
    if steps > 9 THEN EXIT WHILE
WEND

Talk "Done after ${steps} steps."
RETURN

SUB add_one
    HEAR title AS TEXT WITH "The name of the book?"
    HEAR price AS MONEY WITH "Its price?" DEFAULT 0
    if LEN(title) < 2 THEN
        Talk "That is too short."
        EXIT SUB
    end if
    INSERT INTO "books" VALUES #{ title: title, price: price, added_by: username }
    Talk "Added " + title + " for " + FORMAT(price, "0.00") + "."
END SUB

SUB rename_one()
    HEAR old AS TEXT WITH "Which one?"
    HEAR fresh AS TEXT WITH "What is it called now?"
    UPDATE "books"
        SET title = fresh,
            changed = NOW()
        WHERE title = old
    Talk "${old} is ${fresh} now."
END SUB

SUB remove_one(why)
    HEAR old AS TEXT WITH "Which one goes?"
    HEAR sure AS BOOLEAN WITH "Really remove ${old}?" DEFAULT FALSE
    if NOT sure THEN
        Talk "Nothing was removed."
        EXIT SUB
    end if
    DELETE FROM "books" WHERE title = old
    LOG "removed", #{ title: old, why: why }
END SUB
