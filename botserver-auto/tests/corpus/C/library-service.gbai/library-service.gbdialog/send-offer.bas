# Writes an offer and waits for the answer.
to_email = user.email OR "nobody@harbourlibrary.example"
rows = QUERY "SELECT what, price FROM prices ORDER BY price"
lines = ""
FOR EACH row IN rows DO
    lines = lines + "* " + row.what + " for " + FORMAT row.price AS "0.00" + "\n"
NEXT

text = REWRITE "Make this offer of Harbour Library sound warm: " + lines
SEND EMAIL to_email, "Our offer", text

tries = 0
again:
HEAR reply AS TEXT WITH "Do you like it? Say yes, no or later."
reply = LCASE(TRIM(reply))
tries = tries + 1
if reply == "yes" THEN
    created = CALL "book-offer.bas", to_email, UBOUND(rows)
    Talk "Wonderful! Your number is " + created + "."
ELSEIF reply == "later" THEN
    REMEMBER "offer_to" = to_email
    Talk "I will ask again."
ELSEIF reply != "no" && tries < 3 THEN
    Talk "I did not understand."
    GOTO again
ELSE
    Talk "What a pity."
end if
SET HEADER "Authorization" AS "Bearer " + GET("config", "crm-key")
PUT "https://crm.harbourlibrary.example/offers/" + to_email, #{ answer: reply, tries: tries }
CLEAR HEADERS
