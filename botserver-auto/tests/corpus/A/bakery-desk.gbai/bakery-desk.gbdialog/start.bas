' Runs once for each conversation.
ADD TOOL "new-order"
ADD TOOL "cancel-order"
ADD TOOL "quote"
USE KB "allergens.gbkb"

CLEAR SUGGESTIONS
ADD SUGGESTION "hours" AS "When are you open?"
ADD SUGGESTION "prices" AS "What does a cake cost?"
ADD SUGGESTION "help" AS "Talk to a person"

SET CONTEXT "hours" AS "Fresh bread from six in the morning."
SET CONTEXT "prices" AS "rye bread: 4.80, apple cake: 22.50, cheese rolls: 1.90"

visits = GET BOT MEMORY("visits_" + session.user_id)
visits = VAL(visits) + 1
SET BOT MEMORY "visits_" + session.user_id, visits

IF visits > 1 THEN
  TALK "Welcome back, ${username}."
ELSE
  BEGIN TALK
  **Crumb and Crust**

  Fresh bread from six in the morning.
  Cakes need two days; bread is ready the next morning.
  ' apostrophes at the start of a line are text here
  Hello ${username}, what can I do for you?
  END TALK
END IF

BEGIN SYSTEM PROMPT
You answer for Crumb and Crust. Be short and friendly.

Rules:
- Never promise a order without its number.
- Prices: ${TOJSON([4.80, 22.50, 1.90])}.
- The customer is called ${username}.
END SYSTEM PROMPT
