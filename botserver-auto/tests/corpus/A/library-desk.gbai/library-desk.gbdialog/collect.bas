' Asks for several things until there is enough.
PARAM title AS STRING LIKE "Party" DESCRIPTION "What the list is called" OPTIONAL
DESCRIPTION "Writes a list of what a reader wants"

if NOT title THEN
  HEAR title AS TEXT WITH "What shall I call the list?" DEFAULT "My list"
end if

entries = NEW ARRAY
more = TRUE
DO WHILE more == TRUE
  HEAR what AS MENU "novel", "atlas", "sheet music" WITH "What do you want?"
  HEAR amount AS INTEGER WITH "How many " + what + "?" DEFAULT 1
  entry = CREATE OBJECT
  SET entry.what = what
  SET entry.amount = amount
  entries[UBOUND(entries)] = entry
  if UBOUND(entries) >= 5 THEN
    Talk "That is enough for one list."
    EXIT DO
  end if
  HEAR more AS BOOLEAN WITH "Is there more?"
LOOP

count = 0
text = ""
FOR EACH line IN entries DO
  count = count + line.amount
  text = text + line.amount + " " + line.what + "\n"
NEXT

Talk "*${title}*"
Talk text
Talk count & " in all, for the reading room"
RETURN WITH title AS title, count AS count, entries AS entries
