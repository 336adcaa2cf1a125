' Who has not paid the dues: a list, letters, and one at a time if wanted.
HEAR season AS INTEGER WITH "Which year?" DEFAULT YEAR(TODAY())
HEAR due AS MONEY WITH "What are the dues?" DEFAULT 60

paid = SELECT singer, SUM(amount) AS total, COUNT(*) AS times FROM payments WHERE year = season GROUP BY singer
singers = FIND "singers" WHERE left_on IS NULL ORDER BY name

owing = NEW ARRAY
sum_open = 0
FOR EACH person IN singers DO
   given = 0
   FOR EACH row IN paid
      IF row.singer = person.id THEN given = row.total
   NEXT row
   open = due - given
   IF person.student = TRUE THEN open = open - due / 2
   If open <= 0 Then Continue
   owing.PUSH(#{ id: person.id, name: person.name, email: person.email, open: open })
   sum_open = sum_open + open
NEXT person

if (UBOUND(owing) = 0) then
   TALK "Everybody has paid for ${season}. Bravi!"
   EXIT
END IF

TALK "${UBOUND(owing)} still owe " & FORMAT(sum_open, "#,##0.00") & " together."
HEAR way AS MENU "letters to all", "one by one", "only the list" WITH "What shall we do?"

SWITCH way
CASE "letters to all"
   FOR EACH debtor IN owing
      CALL remind(debtor, "Dear " + debtor.name)
   END FOR
CASE "one by one"
   FOR EACH debtor IN owing
      HEAR answer AS "write", "forgive", "skip", "stop"
      IF answer = "stop" THEN EXIT FOR
      IF answer = "write" THEN CALL remind(debtor, "Hello " + debtor.name)
      IF answer = "forgive" THEN
         INSERT INTO "payments" VALUES { singer: debtor.id, "amount": debtor.open, "year": season, note: "forgiven" }
         TALK debtor.name + " owes nothing now."
      END IF
   END FOR
DEFAULT
   FOR EACH debtor IN owing LAST 5
      TALK "- ${debtor.name}: ${FORMAT(debtor.open, "0.00")}"
   NEXT
END SWITCH

TALK "Done, ${written OR 0} letters."

SUB remind(debtor, greeting)
   subject = "Dues " + season
   text = greeting + ",\n\n" + FORMAT(debtor.open, "0.00") + " euros are open for " + season + ".\n\nYour treasurer"
   IF debtor.email IS NULL OR NOT (debtor.email CONTAINS "@") THEN
      TALK debtor.name + " has no address."
      EXIT SUB
   END IF
   SEND MAIL debtor.email, subject, text
   written = (written OR 0) + 1
END SUB
