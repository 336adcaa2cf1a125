// A letter to a visitor, and the note that it was written.
HEAR who AS EMAIL WITH "Who gets the letter?"
HEAR tone AS "warm", "short", * WITH "How shall it sound?"

rows = FIND "visitors", "email", who
name = rows.name OR "friend"
SELECT CASE tone
CASE "warm" : opening = "Dearest " + name
CASE "short"
    opening = name
CASE ELSE
    opening = "Dear " + name
END SELECT

BEGIN MAIL who
Subject: News from Museum of Clocks for ${name}

${opening},

Four hundred clocks, and hardly two agree.
    guided tour  9.50
    workshop  24

Groups of more than ten need a guide.
' this line is a part of the letter
Mr Adeyemi
END MAIL

TRY
    BEGIN TRANSACTION
    INSERT INTO "letters" VALUES #{ email: who, tone: tone, at: TODAY() }
    UPDATE "visitors" SET written = TODAY() WHERE email = who
    COMMIT
CATCH problem
    ROLLBACK
    TALK "The note was not kept: " + problem.message
END TRY
TALK "Written" + (tone = "warm" ? ", with love" : "") + "."
