' A letter to a reader, and the note that it was written.
HEAR who AS EMAIL WITH "Who gets the letter?"
HEAR tone AS "warm", "short", * WITH "How shall it sound?"

rows = FIND "readers", "email", who
name = rows.name OR "friend"
SELECT CASE tone
CASE "warm" : opening = "Dearest " + name
CASE "short"
    opening = name
CASE ELSE
    opening = "Dear " + name
end select

BEGIN MAIL who
Subject: News from Harbour Library for ${name}

${opening},

Three floors of books and one quiet cat.
    novel  0.20
    atlas  0.50

Loans last four weeks and may be extended twice.
' this line is a part of the letter
Ines
END MAIL

TRY
    BEGIN TRANSACTION
    INSERT INTO "letters" VALUES #{ email: who, tone: tone, at: TODAY() }
    UPDATE "readers" SET written = TODAY() WHERE email = who
    COMMIT
CATCH problem
    ROLLBACK
    Talk "The note was not kept: " + problem.message
END TRY
Talk "Written" + (tone == "warm" ? ", with love" : "") + "."
