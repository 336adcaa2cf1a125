' Runs once for each conversation.
ADD TOOL "new-loan"
ADD TOOL "cancel-loan"
ADD TOOL "quote"
USE KB "catalogue.gbkb"

CLEAR SUGGESTIONS
ADD SUGGESTION "hours" AS "When are you open?"
ADD SUGGESTION "prices" AS "What does a book cost?"
ADD SUGGESTION "help" AS "Talk to a person"

SET CONTEXT "hours" AS "Three floors of books and one quiet cat."
SET CONTEXT "prices" AS "novel: 0.20, atlas: 0.50, sheet music: 0.35"

visits = GET BOT MEMORY("visits_" + session.user_id)
visits = VAL(visits) + 1
SET BOT MEMORY "visits_" + session.user_id, visits

if visits > 1 THEN
  Talk "Welcome back, ${username}."
ELSE
  BEGIN TALK
  **Harbour Library**

  Three floors of books and one quiet cat.
  Loans last four weeks and may be extended twice.
  ' apostrophes at the start of a line are text here
  Hello ${username}, what can I do for you?
  END TALK
end if

BEGIN SYSTEM PROMPT
You answer for Harbour Library. Be short and friendly.

Rules:
- Never promise a loan without its number.
- Prices: ${TOJSON([0.20, 0.50, 0.35])}.
- The reader is called ${username}.
END SYSTEM PROMPT
