REM Writes to passengers who were here and did not come back.
SET SCHEDULE every 1 hour

limit = 3
sent = 0
failed = 0
people = FIND "passengers", "letters = true"

FOR EACH person IN people
    If sent >= limit Then EXIT FOR
    seen = RECALL "wrote_" + person.email
    If seen IS NOT NULL Then
        CONTINUE
    END IF
    ON ERROR RESUME NEXT
    result = SEND TEMPLATE "come-back", "email", person.email, { name: person.name, item: "day return" }
    If ERROR Then
        failed = failed + 1
        PRINT "could not write to ${person.email}: " + ERROR MESSAGE
        CLEAR ERROR
    ELSE
        If result[0].success Then
            sent = sent + 1
            REMEMBER "wrote_" + person.email, NOW(), "30 days"
        END IF
    END IF
    ON ERROR GOTO 0
    WAIT 0.33
NEXT person

PRINT "sent " + sent + ", failed " + failed
If failed > sent Then
    SEND MAIL "office@northernferries.example", "Letters fail", "${failed} letters could not be sent."
END IF
