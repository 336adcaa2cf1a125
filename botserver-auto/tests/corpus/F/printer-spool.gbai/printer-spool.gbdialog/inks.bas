' INK ROOM. What is used, what is left. Talks to whoever asks at the desk.
uses = FIND "ink.xlsx"
sums = SELECT colour, SUM(grams) AS used, COUNT(*) AS times
  FROM uses WHERE grams > 0
  GROUP BY colour ORDER BY used DESC
stock = { cyan: 4000, magenta: 4000, yellow: 2500, black: 9000 }

CLEAR SUGGESTIONS
FOR EACH s IN sums LAST 2
  ADD SUGGESTION s.colour
NEXT s
ADD SUGGESTION "all" AS "All colours"

asked = 0
DO WHILE asked < 4
  asked = asked + 1
  HEAR what AS "cyan", "magenta", "yellow", "black", "all", "leave"
  IF what = "leave" OR NOT what THEN EXIT DO
  IF what = "all" THEN
    lines = []
    FOR EACH s IN sums
      have = stock[s.colour]
      rest = have - s.used
      lines = lines + [s.colour + ": " + FORMAT(rest / have, "0%") + " left, " + s.times + " uses"]
    NEXT s
    TALK JOIN(lines, "\n")
    TALK
    CONTINUE
  END IF
  found = FILTER(sums, "colour = '" + what + "'")
  IF found.length = 0 THEN
    TALK "No " + what + " was used, ${stock[what]} g are there."
  ELSE
    row = found[0]
    rest = stock[what] - row.used
    each = row.times > 0 ? rest / (row.used / row.times) : 0
    TALK "${UCASE(LEFT(what, 1))}${MID(what, 2)}: ${rest} g, enough for ${INT(each)} more jobs" + (each < 10 ? " - order some!" : ".")
    IF each < 10 && !CONTAINS(what, "y") THEN
      TAG CONVERSATION session.id, "ink-" + what
    END IF
  END IF
LOOP
TALK "Mind the step, ${username}."
