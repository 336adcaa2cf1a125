' Asks for several things until there is enough.
PARAM title AS STRING LIKE "Party" DESCRIPTION "What the list is called" OPTIONAL
DESCRIPTION "Writes a list of what a customer wants"

IF NOT title THEN
  HEAR title AS TEXT WITH "What shall I call the list?" DEFAULT "My list"
END IF

entries = NEW ARRAY
more = TRUE
DO WHILE more = TRUE
  HEAR what AS MENU "rye bread", "apple cake", "cheese rolls" WITH "What do you want?"
  HEAR amount AS INTEGER WITH "How many " + what + "?" DEFAULT 1
  entry = CREATE OBJECT
  SET entry.what = what
  SET entry.amount = amount
  entries[UBOUND(entries)] = entry
  IF UBOUND(entries) >= 5 THEN
    TALK "That is enough for one list."
    EXIT DO
  END IF
  HEAR more AS BOOLEAN WITH "Is there more?"
LOOP

count = 0
text = ""
FOR EACH line IN entries
  count = count + line.amount
  text = text + line.amount + " " + line.what + "\n"
NEXT

TALK "*${title}*"
TALK text
TALK count & " in all, for the shop in Mill Lane"
RETURN WITH title AS title, count AS count, entries AS entries
