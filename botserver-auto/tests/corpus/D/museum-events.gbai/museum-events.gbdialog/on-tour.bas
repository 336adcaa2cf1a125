// What happens when rows change.
TALK "Watching the table tours."

ON INSERT OF "tours"
    IF params.amount > 10 THEN
        TALK TO "Mr Adeyemi", "A large tour: ${params.number}"
    END IF
    PUBLISH EVENT "tour-new", #{ number: params.number }
END ON

ON UPDATE OF "tours"
    IF old.status != params.status THEN
        SEND MAIL params.email, "Your tour", "It is " + params.status + " now."
    END IF
END ON

ON FORM SUBMIT "contact"
    SAVE "messages", #{ from: fields.email, text: fields.text, at: NOW() }
    SEND MAIL "office@clocks.example", "A message", fields.text
END ON

ON EVENT "tour-paid" DO
    PRINT "paid: " + TOJSON(params)
END ON
