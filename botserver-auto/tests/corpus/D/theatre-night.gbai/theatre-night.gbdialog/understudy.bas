' An actor calls in sick: who can play the part tonight?
PARAM actor AS NAME
PARAM part AS STRING
PARAM until_call AS INTEGER DEFAULT 180

found = NULL
log = []

SUB try_pool(pool, reason)
    IF found IS NOT NULL THEN EXIT SUB
    FOR EACH p IN pool
        IF p.name = actor THEN CONTINUE
        IF NOT (p.parts CONTAINS part) THEN
            APPEND log, { name: p.name, why: "does not know it" }
        ELSE IF p.minutes_away > until_call THEN
            APPEND log, { name: p.name, why: "too far" }
        ELSE
            found = p
            found.reason = reason
            EXIT SUB
        END IF
    NEXT
END SUB

TRY
    IF NOT part THEN THROW "no part given"
    CALL try_pool(FIND "ensemble" WHERE free = 1, "ensemble")
    CALL try_pool((FIND "guests" ORDER BY fee), "guest")
CATCH err
    TALK "That did not work: ${err.message}"
    RETURN { ok: FALSE, error: err.message }
END TRY

IF found THEN
    SEND TEMPLATE found.phone, "understudy_call", { name: found.name, part: part }
    answer = DELEGATE "Reserve a taxi for " + found.name TO BOT "theatre-fleet" TIMEOUT 20
    BOT SHARE MEMORY "tonight_cast" WITH "theatre-box"
    TALK found.name + " (" + found.reason + ") plays " + part + ". " + answer
    FOR i = UBOUND(log) - 1 TO 0 STEP -1
        TALK "- " + log[i].name + " " + log[i].why
    NEXT i
ELSE
    SEND MESSAGE "Nobody can play ${part}; the show is off."
END IF
RETURN { ok: found IS NOT NULL, name: found?.name, fee: found?.contract?.fee ?? 0, refused: log }
