' A letter to a customer, and the note that it was written.
HEAR who AS EMAIL WITH "Who gets the letter?"
HEAR tone AS "warm", "short", * WITH "How shall it sound?"

rows = FIND "customers", "email", who
name = rows.name OR "friend"
SELECT CASE tone
CASE "warm" : opening = "Dearest " + name
CASE "short"
    opening = name
CASE ELSE
    opening = "Dear " + name
END SELECT

BEGIN MAIL who
Subject: News from Crumb and Crust for ${name}

${opening},

Fresh bread from six in the morning.
    rye bread  4.80
    apple cake  22.50

Cakes need two days; bread is ready the next morning.
' this line is a part of the letter
Berta
END MAIL

TRY
    BEGIN TRANSACTION
    INSERT INTO "letters" VALUES { email: who, tone: tone, at: TODAY() }
    UPDATE "customers" SET written = TODAY() WHERE email = who
    COMMIT
CATCH problem
    ROLLBACK
    TALK "The note was not kept: " + problem.message
END TRY
TALK "Written" + (tone = "warm" ? ", with love" : "") + "."
