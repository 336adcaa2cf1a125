REM Follows a batch through the house: mash, boil, ferment, rest.
REM State lives in the bot's memory, one key for each batch.
PARAM batch_id AS STRING
PARAM phase AS STRING
PARAM reading AS OBJECT OPTIONAL

LET phases = ["mash", "boil", "ferment", "rest", "done"]
LET last_phase = GET BOT MEMORY "phase_" + batch_id
LET was = INDEX_OF(phases, last_phase)
LET is_now = INDEX_OF(phases, LCASE(phase))

IF is_now < 0 THEN
    LOG ACTIVITY batch_id, "batch", "error", "unknown phase " + phase, "cellar"
    RETURN NULL
ELSEIF last_phase <> "" AND is_now <> was + 1 THEN
    NOTIFY AGENT "Resi", "Batch ${batch_id} jumped from ${last_phase} to ${phase}"
END IF

WITH event
    batch = batch_id
    phase = phases[is_now]
    at = NOW()
    sugar = reading?.plato ?? -1
    next = is_now + 1 < UBOUND(phases) ? phases[is_now + 1] : NULL
END WITH

SWITCH phase
    CASE "mash", "boil"
        minutes = phase = "mash" ? 75 : 60
    CASE "ferment"
        ' one day for each degree, a week at least
        minutes = MAX(7, CEIL(event.sugar)) * 24 * 60
        event.yeast = reading.yeast OR "house"
    CASE ELSE
        minutes = 0
END SWITCH

IF minutes THEN
    event.until = DATEADD(event.at, minutes, "minutes")
    TALK "Batch ${batch_id}: ${phase} until ${FORMAT(event.until, "DD/MM HH:mm")}, then ${event.next}."
    SCHEDULE IN minutes * 60 SECONDS DO
        IF GET_BOT_MEMORY("phase_" + batch_id) = phase THEN
            NOTIFY AGENT "Korbinian" WITH "Time for ${event.next} of ${batch_id}"
        END IF
    END SCHEDULE
ELSE
    TALK "Batch ${batch_id} is in the phase ${phase}."
END IF

SET BOT MEMORY "phase_" + batch_id, phase
INSERT INTO "batch_log", event
history = FIND "batch_log" WHERE batch = batch_id ORDER BY at DESC
drop = FIRST(history).sugar - LAST(history).sugar
IF UBOUND(history) > 1 AND ABS(drop) > 5 THEN TALK "It lost " + ABS(drop) + " degrees."
RETURN event
