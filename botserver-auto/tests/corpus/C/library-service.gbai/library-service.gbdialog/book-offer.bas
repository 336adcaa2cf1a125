# Called by send-offer.
PARAM email AS EMAIL LIKE "a@example.com"
PARAM lines AS INTEGER LIKE 2
number="LIB-"+lines
SAVE "offers", number, email, lines
if email ENDS WITH "harbourlibrary.example" THEN Talk "That is one of us."
RETURN number
