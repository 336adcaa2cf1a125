' Writes to customers who were here and did not come back.
SET SCHEDULE every 1 hour

limit = 3
sent = 0
failed = 0
people = FIND "customers", "letters = true"

FOR EACH person IN people
    IF sent >= limit THEN EXIT FOR
    seen = RECALL "wrote_" + person.email
    IF seen IS NOT NULL THEN
        CONTINUE
    END IF
    ON ERROR RESUME NEXT
    result = SEND TEMPLATE "come-back", "email", person.email, { name: person.name, item: "rye bread" }
    IF ERROR THEN
        failed = failed + 1
        PRINT "could not write to ${person.email}: " + ERROR MESSAGE
        CLEAR ERROR
    ELSE
        IF result[0].success THEN
            sent = sent + 1
            REMEMBER "wrote_" + person.email, NOW(), "30 days"
        END IF
    END IF
    ON ERROR GOTO 0
    WAIT 0.33
NEXT

PRINT "sent " + sent + ", failed " + failed
IF failed > sent THEN
    SEND MAIL "office@crumb.example", "Letters fail", "${failed} letters could not be sent."
END IF
