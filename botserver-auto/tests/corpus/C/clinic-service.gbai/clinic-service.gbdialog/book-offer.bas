# Called by send-offer.
PARAM email AS EMAIL LIKE "a@example.com"
PARAM lines AS INTEGER LIKE 2
number="CLI-"+lines
SAVE "offers", number, email, lines
IF email ENDS WITH "riverside.example" THEN TALK "That is one of us."
RETURN number
