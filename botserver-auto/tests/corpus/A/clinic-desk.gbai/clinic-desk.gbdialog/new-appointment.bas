REM Takes a appointment and keeps it.
REM The model calls this tool when a patient has named a check-up and a day.
PARAM patient_name AS NAME LIKE "Maria Silva" DESCRIPTION "Who the appointment is for"
PARAM email AS EMAIL LIKE "maria@example.com" DESCRIPTION "Where the confirmation goes"
PARAM what AS STRING LIKE "check-up" ENUM ["check-up", "vaccination", "blood test"] DESCRIPTION "What is wanted"
PARAM amount AS INTEGER LIKE 2 DESCRIPTION "How many visits" DEFAULT 1
PARAM day AS DATE LIKE "2026-05-01" DESCRIPTION "The day of the visit" OPTIONAL

DESCRIPTION "Takes a appointment at Riverside Clinic"

IF amount < 1 THEN
    TALK "We need at least one."
    RETURN NULL
ENDIF

IF day IS NULL THEN
    day = FORMAT DATEADD(TODAY(), 1, "day") AS "YYYY-MM-DD"
ENDIF

number = "CLI-" + FORMAT(NOW(), "YYYYMMDD") + "-7"

WITH appointment
    number = number
    name = patient_name
    email = email
    what = what
    amount = amount
    day = day
    status = "open"
END WITH

SAVE "appointments", appointment
SET BOT MEMORY "last_appointment", number

TALK "Thank you, ${patient_name}. Your appointment " + number + " is booked."
TALK "We expect you at the second floor on ${day}."
TALK "Please come ten minutes early and bring your insurance card."
RETURN number
