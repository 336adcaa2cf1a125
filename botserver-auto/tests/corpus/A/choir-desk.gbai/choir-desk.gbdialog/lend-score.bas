PARAM singer_mail AS EMAIL LIKE "ida@lantern.example" DESCRIPTION "Who borrows"
PARAM title AS STRING LIKE "Evening Hymn" DESCRIPTION "Which piece"
PARAM copies AS INTEGER LIKE 1 DEFAULT 1
DESCRIPTION "Lends sheet music from the cupboard of the choir"

' ==== who ====
singer = FIND "singers", "email", singer_mail
IF singer IS NULL THEN
  HEAR full_name AS NAME WITH "I do not know ${singer_mail}. What is your name?"
  HEAR part AS "soprano", "alto", "tenor", "bass"
  singer = #{ email: singer_mail, name: full_name, voice: part, since: TODAY() }
  SAVE "singers", singer
  TALK "Welcome to the list, " + singer.name + "."
END IF

' ==== what ====
score = FIND "scores" WHERE title = title FIRST
WHILE score IS NULL
  HEAR title AS TEXT WITH "There is no \"" + title + "\". What does the cover say?"
  IF LEN(title) = 0 OR LCASE(title) = "never mind" THEN
    TALK "Another time, then."
    RETURN FALSE
  END IF
  score = FIND "scores" WHERE title = title FIRST
WEND

free = score.copies - (score.lent OR 0)
IF free < copies THEN
  TALK "Only ${free} of ${score.copies} are in the cupboard."
  HEAR take AS BOOLEAN WITH "Do you take what is there?" DEFAULT TRUE
  IF NOT take THEN RETURN FALSE
  copies = free
END IF

' ==== the loan ====
loan_id = "L" + FORMAT NOW() AS "YYMMDDHHmm"
email = singer.email
title = score.title
due = FORMAT(TODAY() + DAYS(42), "YYYY-MM-DD")
SAVE "loans", loan_id, email, title, copies, due

UPDATE "scores" WITH lent AS (score.lent OR 0) + copies, touched AS TODAY() WHERE title = title

CREATE TASK "Ask for " + title, "low", "librarian"
TALK singer.name + " has " + copies + " x *" + title + "* until " + FORMAT due AS "D MMMM YYYY" + "."
RETURN loan_id
