' What happens when rows change.
TALK "Watching the table orders."

ON INSERT OF "orders"
    IF params.amount > 10 THEN
        TALK TO "Berta", "A large order: ${params.number}"
    END IF
    PUBLISH EVENT "order-new", { number: params.number }
END ON

ON UPDATE OF "orders"
    IF old.status <> params.status THEN
        SEND MAIL params.email, "Your order", "It is " + params.status + " now."
    END IF
END ON

ON FORM SUBMIT "contact"
    SAVE "messages", { from: fields.email, text: fields.text, at: NOW() }
    SEND MAIL "office@crumb.example", "A message", fields.text
END ON

ON EVENT "order-paid" DO
    PRINT "paid: " + TOJSON(params)
END ON
