REM Takes a booking and keeps it.
REM The model calls this tool when a passenger has named a crossing and a day.
PARAM passenger_name AS NAME LIKE "Maria Silva" DESCRIPTION "Who the booking is for"
PARAM email AS EMAIL LIKE "maria@example.com" DESCRIPTION "Where the confirmation goes"
PARAM what AS STRING LIKE "day return" ENUM ["day return", "car and driver", "bicycle"] DESCRIPTION "What is wanted"
PARAM amount AS INTEGER LIKE 2 DESCRIPTION "How many seats" DEFAULT 1
PARAM day AS DATE LIKE "2026-05-01" DESCRIPTION "The sailing date" OPTIONAL

DESCRIPTION "Takes a booking at Northern Ferries"

If amount < 1 Then
    TALK "We need at least one."
    RETURN NULL
END IF

If day IS NULL Then
    day = FORMAT DATEADD(TODAY(), 1, "day") AS "YYYY-MM-DD"
END IF

number = "FER-" + FORMAT(NOW(), "YYYYMMDD") + "-104"

WITH booking
    number = number
    name = passenger_name
    email = email
    what = what
    amount = amount
    day = day
    status = "open"
END WITH

SAVE "bookings", booking
SET BOT MEMORY "last_booking", number

TALK "Thank you, ${passenger_name}. Your booking " + number + " is reserved."
TALK "We expect you at pier four on ${day}."
TALK "Be at the pier thirty minutes before the ship sails."
RETURN number
