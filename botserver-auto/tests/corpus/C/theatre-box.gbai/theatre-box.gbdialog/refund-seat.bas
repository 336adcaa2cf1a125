# Lantern Theatre, box office: gives money back, as far as the house rules allow.

find_ticket:
HEAR code AS TEXT WITH "Please type the code on your ticket."
code = UCASE(TRIM(code))
ticket = FIND "tickets" WHERE code = code FIRST
tries = (tries OR 0) + 1
IF NOT ticket AND tries < 3 THEN
    TALK "There is no ticket ${code}."
    GOTO find_ticket
END IF
IF NOT ticket THEN
    TRANSFER TO HUMAN "box office", "normal", { tried: code, user: GET SESSION "user_id" }
    EXIT
END IF

TALK "Found: ${ticket.play}, row " + ticket.row + ", seat " + ticket.seat + "."
HEAR why AS "I am ill", "Wrong date", "Other"

# hours until the curtain rises
left = DATEDIFF(NOW(), ticket.starts, "hour")
share = 0
SELECT why
    CASE "I am ill"
        HEAR note AS FILE WITH "Please send a photo of the doctor's note."
        IF note.name ENDS WITH ".pdf" OR note.mime STARTS WITH "image/" THEN share = 1 ELSE share = 0.5
    CASE "Wrong date"
        share = IIF(left > 48, 0.8, 0.2)
    CASE ELSE
        HEAR story WITH "What happened?"
        verdict = REWRITE "Answer yes or no. Is this a good reason for a refund? ${story}"
        IF verdict ILIKE "yes%" THEN share = 0.5
END SELECT

amount = ROUND(ticket.price * share, 2)
IF amount <= 0 THEN
    TALK "I am sorry, there is no refund in this case."
    RETURN 0
END IF

HEAR sure AS BOOLEAN WITH "You get " + FORMAT amount AS "$#,##0.00" + " back. Shall I do it?" DEFAULT FALSE
IF sure THEN
    answer = CALL "/box/refunds", { ticket: code, amount: amount, "asked_at": NOW() }
    UPDATE "tickets" SET status = "refunded",
        refund = amount
        WHERE code = code
    TALK "Done. Reference: " + answer.reference
ELSE
    TALK "Then we keep your seat warm."
END IF
RETURN amount
