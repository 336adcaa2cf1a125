REM A letter to a patient, and the note that it was written.
HEAR who AS EMAIL WITH "Who gets the letter?"
HEAR tone AS "warm", "short", * WITH "How shall it sound?"

rows = FIND "patients", "email", who
name = rows.name OR "friend"
SELECT CASE tone
CASE "warm" : opening = "Dearest " + name
CASE "short"
    opening = name
CASE ELSE
    opening = "Dear " + name
END SELECT

BEGIN MAIL who
Subject: News from Riverside Clinic for ${name}

${opening},

We are here on weekdays from eight to five.
    check-up  45
    vaccination  30.00

Please come ten minutes early and bring your insurance card.
' this line is a part of the letter
Nurse Okafor
END MAIL

TRY
    BEGIN TRANSACTION
    INSERT INTO "letters" VALUES { email: who, tone: tone, at: TODAY() }
    UPDATE "patients" SET written = TODAY() WHERE email = who
    COMMIT
CATCH problem
    ROLLBACK
    TALK "The note was not kept: " + problem.message
END TRY
TALK "Written" + (tone = "warm" ? ", with love" : "") + "."
