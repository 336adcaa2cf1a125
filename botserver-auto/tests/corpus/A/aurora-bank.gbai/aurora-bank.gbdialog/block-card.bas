PARAM last4 AS STRING LIKE "4321" DESCRIPTION "Last four digits"
PARAM reason AS STRING ENUM ["lost", "stolen", "damaged"] DESCRIPTION "Why"
DESCRIPTION "Blocks a card"

card = FIND "cards", "number LIKE '%" + last4 + "'"
IF card IS NULL THEN
    TALK "No card ends in ${last4}."
    EXIT
END IF
IF card.status = "blocked" THEN
    TALK "This card is blocked already."
    RETURN FALSE
END IF

HEAR sure AS BOOLEAN WITH "Really block the card ending in " + last4 + "?" DEFAULT FALSE
IF sure THEN
    UPDATE "cards", "number=" + card.number, "status", "blocked"
    protocol = UCASE(LEFT(GUID(), 8))
    SAVE "blocks", protocol, last4, reason
    TALK "Done. Your protocol is ready."
    SET BOT MEMORY "last_block", last4
    RETURN TRUE
ELSE
    TALK "Fine, nothing was changed."
    RETURN FALSE
END IF
