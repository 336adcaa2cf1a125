' The form for a new reader.
Talk "Let me write down who you are."

HEAR name AS NAME WITH "What is your name?"
HEAR email AS EMAIL WITH "Which address do you read, " + name + "?"
HEAR born AS DATE WITH "When were you born?" DEFAULT "1990-01-01"
HEAR phone AS STRING WITH "And your telephone number?" DEFAULT "none"
HEAR interest AS "novel", "atlas", "sheet music"
HEAR letters AS BOOLEAN WITH "Shall we write to you now and then?" DEFAULT FALSE

known = FIND "readers" WHERE email = email
if known THEN
    Talk "We know you already, number " + known.id + "."
    RETURN known.id
end if

age = DATEDIFF("year", born, TODAY())
group = ""
SELECT CASE age
    CASE 0 TO 17
        group = "young"
    CASE 18 TO 64
        group = "adult"
    CASE ELSE
        group = "senior"
end select

INSERT INTO "readers" VALUES #{
    "name": name,
    "email": email,
    "born": born,      ' as the person said it
    "phone": phone,
    "group": group,
    "interest": interest,
    "letters": letters,
    "since": NOW()
}

LOG ACTIVITY email, "reader", "created", "by the form", username

if letters THEN
    SEND MAIL email, "Welcome to Harbour Library", "Dear " + name + ",

thank you for joining us.
Three floors of books and one quiet cat.

Ines"
ELSE
    Talk "We will not write to you."
end if
Talk "You are in our books as ${group}."
