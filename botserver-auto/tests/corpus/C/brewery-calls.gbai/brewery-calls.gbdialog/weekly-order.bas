# Takes the weekly order of a pub over the chat
# One line of beer after another, until the publican says that it is enough

PARAM pub_id AS INTEGER LIKE 17

FUNCTION line_text(l)
    RETURN l.kegs & " x " & l.beer & IIF(l.kegs >= 5, " (pallet)", "")
END FUNCTION

SUB show_basket
    IF basket IS EMPTY THEN
        TALK "The basket is empty."
        EXIT SUB
    END IF
    n = 0
    FOR EACH l IN basket
        n = n + 1
        TALK n + ". " + line_text(l)
    END FOR
END SUB

pub = FIND "pubs" WHERE id = pub_id FIRST
basket = NEW ARRAY
beers = ["Nebelmond", "Helles", "Rauch 12", "Sommerweisse"]
stock = GET "https://stock.hopfenau.example/kegs"

DO
    HEAR pick AS MENU "Nebelmond", "Helles", "Rauch 12", "Sommerweisse", "That is all"
    IF pick = "That is all" THEN EXIT DO
    there = stock[pick] OR 0
    IF there = 0 THEN
        missing = (missing OR []) + [pick]
        TALK pick + " is out. What about " + IIF(pick = beers[0], beers[1], beers[0]) + "?"
        CONTINUE
    END IF
    HEAR kegs AS INTEGER WITH "How many kegs of " + pick + "? We have ${there}." DEFAULT 1
    IF kegs > there THEN
        kegs = there
        TALK "I put ${there}."
    END IF
    IF kegs > 0 THEN basket.PUSH({ beer: pick, "kegs": kegs })
    stock[pick] = there - kegs
LOOP WHILE UBOUND(basket) < 4

CALL show_basket
HEAR fine AS BOOLEAN WITH "Is that right, " + (pub.publican OR "dear publican") + "?"
IF NOT fine THEN
    HEAR gone AS INTEGER WITH "Which line shall go?"
    basket.splice(gone - 1, 1)
    CALL show_basket
END IF

due = DATEADD(TODAY(), 9 - WEEKDAY(TODAY()), "days")
SET HEADER "Idempotency-Key" AS pub_id + "-" + FORMAT(due, "YYYYMMDD")
sent = POST "https://orders.hopfenau.example/weekly", #{ pub: pub_id, due: FORMAT due AS "YYYY-MM-DD", lines: basket, kegs: SUM(basket, "kegs") }
SET HEADER "Idempotency-Key", ""
IF sent?.accepted THEN
    TALK "Order ${sent.accepted} comes on " + FORMAT due AS "DD MMM" + "."
ELSE
    TALK "The order service is silent; I write it down for the office."
    WRITE "orders/" + pub_id + ".json", basket
END IF
RETURN UBOUND(basket)
