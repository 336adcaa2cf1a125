// A guest left something behind.
PARAM description AS TEXT LIKE "a green scarf" DESCRIPTION "What was lost, in the guest's words"
PARAM stay_code AS STRING LIKE "MA0701IN" OPTIONAL DESCRIPTION "The code of the stay"

DESCRIPTION "Looks for lost things at the Maré Alta hostel and notes the ones that are not found"

stay = NULL
IF stay_code IS NOT NULL THEN
   stay = FIND "reservas", "codigo=" + stay_code
END IF

who = stay.hospede OR username
found = LLM "Name the thing in one word, nothing else: " + description
  WITH OPTIMIZE FOR "cost"
thing = LCASE(TRIM(found))
IF thing = "" OR INSTR(thing, " ") > 0 THEN thing = "other"

shelf = FIND "shelf"
matches = []
k = 0
DO WHILE k < UBOUND(shelf)
   item = shelf[k]
   k = k + 1
   IF item.given THEN CONTINUE
   IF LOWER(item.note) CONTAINS thing OR item.kind = thing THEN APPEND matches, item
LOOP

SELECT UBOUND(matches)
CASE 0
   WITH notice
      guest = who
      room = stay.quarto OR "?"
      thing = thing
      words = description
      keep_until = FORMAT(NOW() + DAYS(60), "YYYY-MM-DD")
   END WITH
   SAVE "notices", notice
   TALK "We have no ${thing} on the shelf, ${who}. We keep looking until ${notice.keep_until}."
   RETURN notice.keep_until
CASE 1
   TALK "Is it this: " + matches[0].note + " (" + FORMAT(matches[0].found_on, "D MMM") + ")?"
CASE ELSE
   TALK "There are " + UBOUND(matches) + ":"
   n = 0
   FOR EACH match IN matches
      n = n + 1
      TALK "" & n & ". " & match.note
   NEXT
END SELECT

picked = HEAR "Say yes, no or the number."
pick = VAL(picked)
IF pick = 0 AND LCASE(LEFT(picked, 1)) = "y" THEN pick = 1
IF pick < 1 OR pick > UBOUND(matches) THEN
   TALK "Then it was not among them."
   RETURN FALSE
END IF

chosen = matches[pick - 1]
UPDATE "shelf", chosen.id, { given: TRUE, to: who, on: TODAY() }
SET USER MEMORY "last_found" AS chosen.note
TALK TO "reception", "Please wrap for " + who + ": " + chosen.note
TALK "It waits for you at the desk."
RETURN chosen.id
