REM A letter to a passenger, and the note that it was written.
HEAR who AS EMAIL WITH "Who gets the letter?"
HEAR tone AS "warm", "short", * WITH "How shall it sound?"

rows = FIND "passengers", "email", who
name = rows.name OR "friend"
SELECT CASE tone
CASE "warm" : opening = "Dearest " + name
CASE "short"
    opening = name
CASE ELSE
    opening = "Dear " + name
END SELECT

BEGIN MAIL who
Subject: News from Northern Ferries for ${name}

${opening},

Six crossings a day, weather permitting.
    day return  19
    car and driver  88.00

Be at the pier thirty minutes before the ship sails.
' this line is a part of the letter
Captain Lund
END MAIL

TRY
    BEGIN TRANSACTION
    INSERT INTO "letters" VALUES { email: who, tone: tone, at: TODAY() }
    UPDATE "passengers" SET written = TODAY() WHERE email = who
    COMMIT
CATCH problem
    ROLLBACK
    TALK "The note was not kept: " + problem.message
END TRY
TALK "Written" + (tone = "warm" ? ", with love" : "") + "."
