' A script with a DESCRIPTION is a tool: people run it with a click, and a language model when it fits.
' PARAM lines say what the tool needs.

PARAM day AS DATE LIKE "2030-12-24" DESCRIPTION "The day to count to"

DESCRIPTION "Counts the days from today to a date"

' Whoever clicks the chip gives no day, so the tool asks for it.
IF day IS NULL THEN
  HEAR day AS DATE WITH "Which day shall I count to?"
END IF

days = DATEDIFF("days", TODAY(), day)

IF days > 1 THEN
  TALK "It is ${days} days to ${day}."
ELSEIF days = 1 THEN
  TALK "${day} is tomorrow."
ELSEIF days = 0 THEN
  TALK "${day} is today."
ELSE
  TALK "${day} was ${ABS(days)} days ago."
END IF

' A model reads what a tool returns; people do not see it.
RETURN { day: day, days: days }
