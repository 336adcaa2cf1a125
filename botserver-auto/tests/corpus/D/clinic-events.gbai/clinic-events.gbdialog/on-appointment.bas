REM What happens when rows change.
TALK "Watching the table appointments."

ON INSERT OF "appointments"
    IF params.amount > 10 THEN
        TALK TO "Nurse Okafor", "A large appointment: ${params.number}"
    ENDIF
    PUBLISH EVENT "appointment-new", { number: params.number }
END ON

ON UPDATE OF "appointments"
    IF old.status <> params.status THEN
        SEND MAIL params.email, "Your appointment", "It is " + params.status + " now."
    ENDIF
END ON

ON FORM SUBMIT "contact"
    SAVE "messages", { from: fields.email, text: fields.text, at: NOW() }
    SEND MAIL "office@riverside.example", "A message", fields.text
END ON

ON EVENT "appointment-paid" DO
    PRINT "paid: " + TOJSON(params)
END ON
