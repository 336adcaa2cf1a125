# Writes an offer and waits for the answer.
to_email = user.email OR "nobody@northernferries.example"
rows = QUERY "SELECT what, price FROM prices ORDER BY price"
lines = ""
FOR EACH row IN rows
    lines = lines + "* " + row.what + " for " + FORMAT row.price AS "0.00" + "\n"
NEXT row

text = REWRITE "Make this offer of Northern Ferries sound warm: " + lines
SEND EMAIL to_email, "Our offer", text

tries = 0
again:
HEAR reply AS TEXT WITH "Do you like it? Say yes, no or later."
reply = LCASE(TRIM(reply))
tries = tries + 1
If reply = "yes" Then
    created = CALL "book-offer.bas", to_email, UBOUND(rows)
    TALK "Wonderful! Your number is " + created + "."
ELSE IF reply = "later" Then
    REMEMBER "offer_to" = to_email
    TALK "I will ask again."
ELSE IF reply <> "no" AND tries < 3 Then
    TALK "I did not understand."
    GOTO again
ELSE
    TALK "What a pity."
END IF
SET HEADER "Authorization" AS "Bearer " + GET("config", "crm-key")
PUT "https://crm.northernferries.example/offers/" + to_email, { answer: reply, tries: tries }
CLEAR HEADERS
