// Runs once for each conversation.
ADD TOOL "new-tour"
ADD TOOL "cancel-tour"
ADD TOOL "quote"
USE KB "exhibits.gbkb"

CLEAR SUGGESTIONS
ADD SUGGESTION "hours" AS "When are you open?"
ADD SUGGESTION "prices" AS "What does a ticket cost?"
ADD SUGGESTION "help" AS "Talk to a person"

SET CONTEXT "hours" AS "Four hundred clocks, and hardly two agree."
SET CONTEXT "prices" AS "guided tour: 9.50, workshop: 24, night opening: 14.00"

visits = GET BOT MEMORY("visits_" + session.user_id)
visits = VAL(visits) + 1
SET BOT MEMORY "visits_" + session.user_id, visits

IF visits > 1 THEN
  TALK "Welcome back, ${username}."
ELSE
  BEGIN TALK
  **Museum of Clocks**

  Four hundred clocks, and hardly two agree.
  Groups of more than ten need a guide.
  ' apostrophes at the start of a line are text here
  Hello ${username}, what can I do for you?
  END TALK
END IF

BEGIN SYSTEM PROMPT
You answer for Museum of Clocks. Be short and friendly.

Rules:
- Never promise a tour without its number.
- Prices: ${TOJSON([9.50, 24, 14.00])}.
- The visitor is called ${username}.
END SYSTEM PROMPT
