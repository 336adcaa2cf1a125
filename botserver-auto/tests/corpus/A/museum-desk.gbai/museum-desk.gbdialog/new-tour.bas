// Takes a tour and keeps it.
// The model calls this tool when a visitor has named a ticket and a day.
PARAM visitor_name AS NAME LIKE "Maria Silva" DESCRIPTION "Who the tour is for"
PARAM email AS EMAIL LIKE "maria@example.com" DESCRIPTION "Where the confirmation goes"
PARAM what AS STRING LIKE "guided tour" ENUM ["guided tour", "workshop", "night opening"] DESCRIPTION "What is wanted"
PARAM amount AS INTEGER LIKE 2 DESCRIPTION "How many tickets" DEFAULT 1
PARAM day AS DATE LIKE "2026-05-01" DESCRIPTION "The day of the tour" OPTIONAL

DESCRIPTION "Takes a tour at Museum of Clocks"

IF amount < 1 THEN
    TALK "We need at least one."
    RETURN NULL
END IF

IF day IS NULL THEN
    day = FORMAT DATEADD(TODAY(), 1, "day") AS "YYYY-MM-DD"
END IF

number = "MUS-" + FORMAT(NOW(), "YYYYMMDD") + "-58"

WITH tour
    number = number
    name = visitor_name
    email = email
    what = what
    amount = amount
    day = day
    status = "open"
END WITH

SAVE "tours", tour
SET BOT MEMORY "last_tour", number

TALK "Thank you, ${visitor_name}. Your tour " + number + " is reserved."
TALK "We expect you at the west wing on ${day}."
TALK "Groups of more than ten need a guide."
RETURN number
