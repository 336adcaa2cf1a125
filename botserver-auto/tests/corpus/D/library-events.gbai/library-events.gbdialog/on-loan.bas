' What happens when rows change.
Talk "Watching the table loans."

ON INSERT OF "loans"
    if params.amount > 10 THEN
        TALK TO "Ines", "A large loan: ${params.number}"
    end if
    PUBLISH EVENT "loan-new", #{ number: params.number }
END ON

ON UPDATE OF "loans"
    if old.status != params.status THEN
        SEND MAIL params.email, "Your loan", "It is " + params.status + " now."
    end if
END ON

ON FORM SUBMIT "contact"
    SAVE "messages", #{ from: fields.email, text: fields.text, at: NOW() }
    SEND MAIL "office@harbourlibrary.example", "A message", fields.text
END ON

ON EVENT "loan-paid" DO
    PRINT "paid: " + TOJSON(params)
END ON
