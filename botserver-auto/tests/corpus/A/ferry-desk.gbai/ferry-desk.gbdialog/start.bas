REM Runs once for each conversation.
ADD TOOL "new-booking"
ADD TOOL "cancel-booking"
ADD TOOL "quote"
USE KB "timetable.gbkb"

CLEAR SUGGESTIONS
ADD SUGGESTION "hours" AS "When are you open?"
ADD SUGGESTION "prices" AS "What does a crossing cost?"
ADD SUGGESTION "help" AS "Talk to a person"

SET CONTEXT "hours" AS "Six crossings a day, weather permitting."
SET CONTEXT "prices" AS "day return: 19, car and driver: 88.00, bicycle: 6.50"

visits = GET BOT MEMORY("visits_" + session.user_id)
visits = VAL(visits) + 1
SET BOT MEMORY "visits_" + session.user_id, visits

If visits > 1 Then
  TALK "Welcome back, ${username}."
ELSE
  BEGIN TALK
  **Northern Ferries**

  Six crossings a day, weather permitting.
  Be at the pier thirty minutes before the ship sails.
  ' apostrophes at the start of a line are text here
  Hello ${username}, what can I do for you?
  END TALK
END IF

BEGIN SYSTEM PROMPT
You answer for Northern Ferries. Be short and friendly.

Rules:
- Never promise a booking without its number.
- Prices: ${TOJSON([19, 88.00, 6.50])}.
- The passenger is called ${username}.
END SYSTEM PROMPT
