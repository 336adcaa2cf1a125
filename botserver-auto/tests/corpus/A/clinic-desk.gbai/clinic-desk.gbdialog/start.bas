REM Runs once for each conversation.
ADD TOOL "new-appointment"
ADD TOOL "cancel-appointment"
ADD TOOL "quote"
USE KB "opening-hours.gbkb"

CLEAR SUGGESTIONS
ADD SUGGESTION "hours" AS "When are you open?"
ADD SUGGESTION "prices" AS "What does a check-up cost?"
ADD SUGGESTION "help" AS "Talk to a person"

SET CONTEXT "hours" AS "We are here on weekdays from eight to five."
SET CONTEXT "prices" AS "check-up: 45, vaccination: 30.00, blood test: 18.75"

visits = GET BOT MEMORY("visits_" + session.user_id)
visits = VAL(visits) + 1
SET BOT MEMORY "visits_" + session.user_id, visits

IF visits > 1 THEN
  TALK "Welcome back, ${username}."
ELSE
  BEGIN TALK
  **Riverside Clinic**

  We are here on weekdays from eight to five.
  Please come ten minutes early and bring your insurance card.
  ' apostrophes at the start of a line are text here
  Hello ${username}, what can I do for you?
  END TALK
ENDIF

BEGIN SYSTEM PROMPT
You answer for Riverside Clinic. Be short and friendly.

Rules:
- Never promise a appointment without its number.
- Prices: ${TOJSON([45, 30.00, 18.75])}.
- The patient is called ${username}.
END SYSTEM PROMPT
