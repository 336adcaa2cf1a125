REM AUDITION FORM OF THE LANTERN STREET CHOIR
REM THE COMMITTEE WANTS IT SHORT AND POLITE.

LET ATTEMPTS = 0
LET RANGES = { "soprano": "C4-A5", "alto": "G3-D5", "tenor": "C3-G4", "bass": "E2-C4" }

TALK "Thank you for wanting to sing with us!"
TALK

HEAR CANDIDATE AS NAME WITH "Your name, please?"
HEAR CONTACT AS EMAIL WITH "Where can we write to you, " + CANDIDATE + "?"

LET EARLIER = FIND "auditions" WHERE email = CONTACT AND result <> "withdrawn" ORDER BY day DESC LIMIT 1
IF EARLIER IS NOT NULL THEN
    LET GAP = DATEDIFF(EARLIER.day, TODAY(), "day")
    IF GAP < 180 THEN
        TALK "You sang for us ${GAP} days ago. Please come again after " + FORMAT DATEADD(EARLIER.day, 180, "day") AS "D MMMM YYYY" + "."
        RETURN
    END IF
    TALK "Good to hear you again!"
END IF

ASK_VOICE:
HEAR VOICE AS MENU "soprano", "alto", "tenor", "bass", "I do not know"
IF VOICE = "I do not know" THEN
    LET ATTEMPTS = ATTEMPTS + 1
    IF ATTEMPTS > 2 THEN GOTO UNDECIDED
    FOR EACH KIND IN ["soprano", "alto", "tenor", "bass"]
        TALK "${KIND}: ${RANGES[KIND]}"
    END FOR
    TALK "Sing a little and choose again."
    GOTO ASK_VOICE
END IF
GOTO CHOSEN

UNDECIDED:
LET VOICE = "open"
TALK "We will find out together."

CHOSEN:
HEAR READS AS BOOLEAN WITH "Do you read music?" DEFAULT FALSE
HEAR YEARS AS INTEGER WITH "How many years have you sung in a choir?" DEFAULT 0
HEAR EVENING AS "Tuesday", "Thursday"

LET POINTS = (READS ? 3 : 0) + IIF(YEARS > 5, 4, YEARS * 0.5)
LET SLOT = DATEADD(TODAY(), IF(EVENING = "Tuesday", 8, 10), "day")

INSERT INTO "auditions" VALUES #{
    "name": CANDIDATE, "email": CONTACT,
    "voice": VOICE, "range": RANGES[VOICE] OR "unknown",
    "points": POINTS,
    "day": FORMAT(SLOT, "YYYY-MM-DD"),
}

SEND EMAIL CONTACT, "Your audition", "Dear ${CANDIDATE},

we expect you on ${FORMAT(SLOT, "DD.MM.YYYY")} at half past six.
Bring " + (READS ? "two pieces" : "a song you like") + ".

The committee"

TALK "See you on " + EVENING + ", " + FORMAT(SLOT, "D MMMM") + "!"
