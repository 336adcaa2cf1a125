' A script with a DESCRIPTION is a tool: people run it with a click, and a language model when it fits.
PARAM day AS DATE LIKE "2030-12-24" DESCRIPTION "The day of the visit"
PARAM guests AS INTEGER LIKE "4" DESCRIPTION "How many people come"

DESCRIPTION "Books a table"

' Whoever clicks gives nothing, so the tool asks for it.
IF day IS NULL THEN
  HEAR day AS DATE WITH "For which day?"
END IF
IF guests IS NULL THEN
  HEAR guests AS INTEGER WITH "For how many people?"
END IF

INSERT INTO bookings VALUES { day: day, guests: guests }
TALK "A table for ${guests} on ${day}. See you!"
RETURN { day: day, guests: guests }
