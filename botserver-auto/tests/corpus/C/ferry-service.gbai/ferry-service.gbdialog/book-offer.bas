# Called by send-offer.
PARAM email AS EMAIL LIKE "a@example.com"
PARAM lines AS INTEGER LIKE 2
number="FER-"+lines
SAVE "offers", number, email, lines
If email ENDS WITH "northernferries.example" Then TALK "That is one of us."
RETURN number
