REM What happens when rows change.
TALK "Watching the table bookings."

ON INSERT OF "bookings"
    If params.amount > 10 Then
        TALK TO "Captain Lund", "A large booking: ${params.number}"
    END IF
    PUBLISH EVENT "booking-new", { number: params.number }
END ON

ON UPDATE OF "bookings"
    If old.status <> params.status Then
        SEND MAIL params.email, "Your booking", "It is " + params.status + " now."
    END IF
END ON

ON FORM SUBMIT "contact"
    SAVE "messages", { from: fields.email, text: fields.text, at: NOW() }
    SEND MAIL "office@northernferries.example", "A message", fields.text
END ON

ON EVENT "booking-paid" DO
    PRINT "paid: " + TOJSON(params)
END ON
