' Writes to readers who were here and did not come back.
SET SCHEDULE every 1 hour

limit = 3
sent = 0
failed = 0
people = FIND "readers", "letters = true"

FOR EACH person IN people DO
    if sent >= limit THEN EXIT FOR
    seen = RECALL "wrote_" + person.email
    if seen IS NOT NULL THEN
        CONTINUE
    end if
    ON ERROR RESUME NEXT
    result = SEND TEMPLATE "come-back", "email", person.email, #{ name: person.name, item: "novel" }
    if ERROR THEN
        failed = failed + 1
        PRINT "could not write to ${person.email}: " + ERROR MESSAGE
        CLEAR ERROR
    ELSE
        if result[0].success THEN
            sent = sent + 1
            REMEMBER "wrote_" + person.email, NOW(), "30 days"
        end if
    end if
    ON ERROR GOTO 0
    WAIT 0.33
NEXT

PRINT "sent " + sent + ", failed " + failed
if failed > sent THEN
    SEND MAIL "office@harbourlibrary.example", "Letters fail", "${failed} letters could not be sent."
end if
