# lost and found, a conversation kept by hand
LET found = FIND "found"
SET query = ""
SET tries = 0

DO
    query = HEAR "What did you lose?"
    tries = tries + 1
    words = SPLIT(LCASE(TRIM(query)), " ")
    best = NULL
    best_score = 0
    FOR EACH thing IN found
        score = 0
        FOR i = 0 TO UBOUND(words) - 1
            IF LEN(words[i]) < 3 THEN CONTINUE
            IF LCASE(thing.text) CONTAINS words[i] THEN score = score + 1
        NEXT i
        IF score > best_score THEN
            best = thing
            best_score = score
        END IF
    NEXT thing
    IF best IS NULL THEN
        TALK IIF(tries = 1, "Say it in other words, please.", "I am sorry, no.")
    ELSE
        TALK "Is it this? ${best.text}, found " + DATEDIFF("day", best.day, TODAY()) + " days ago on " + best.train
        HEAR yes AS BOOLEAN
        IF NOT yes THEN
            skip = best.id
            found = FILTER found, "id <> ${skip}"
            best = NULL
        END IF
    END IF
LOOP UNTIL best IS NOT NULL OR tries >= 3 OR ISEMPTY(found)

IF best?.id THEN
    HEAR photo AS IMAGE
    HEAR caller AS NAME WITH "Your name?"
    HEAR number AS MOBILE WITH "And a telephone number?"
    box = best.box OR "desk"
    claim = NEW OBJECT
    claim.thing = best.id
    claim.caller = caller
    claim.number = number
    claim.photo = photo
    claim.until = NOW() + DAYS(10)
    SAVE "claims", claim
    DELETE "found", "id = " + best.id
    TALK "Come to the ${box} until ${FORMAT(claim.until, "MMMM DD")}, " + caller + "."
ELSE
    REMEMBER "lost_" + session.user_id = query, "3 months"
    TRANSFER TO HUMAN "lost and found", "low", query
END IF
