# Writes an offer and waits for the answer.
to_email = user.email OR "nobody@riverside.example"
rows = QUERY "SELECT what, price FROM prices ORDER BY price"
lines = ""
FOR EACH row IN rows DO
    lines = lines + "* " + row.what + " for " + FORMAT row.price AS "0.00" + "\n"
END FOR

text = REWRITE "Make this offer of Riverside Clinic sound warm: " + lines
SEND EMAIL to_email, "Our offer", text

tries = 0
again:
HEAR reply AS TEXT WITH "Do you like it? Say yes, no or later."
reply = LCASE(TRIM(reply))
tries = tries + 1
IF reply = "yes" THEN
    created = CALL "book-offer.bas", to_email, UBOUND(rows)
    TALK "Wonderful! Your number is " + created + "."
ELSE IF reply = "later" THEN
    REMEMBER "offer_to" = to_email
    TALK "I will ask again."
ELSE IF reply <> "no" AND tries < 3 THEN
    TALK "I did not understand."
    GOTO again
ELSE
    TALK "What a pity."
ENDIF
SET HEADER "Authorization" AS "Bearer " + GET("config", "crm-key")
PUT "https://crm.riverside.example/offers/" + to_email, { answer: reply, tries: tries }
CLEAR HEADERS
