REM The form for a new passenger.
TALK "Let me write down who you are."

HEAR name AS NAME WITH "What is your name?"
HEAR email AS EMAIL WITH "Which address do you read, " + name + "?"
HEAR born AS DATE WITH "When were you born?" DEFAULT "1990-01-01"
HEAR phone AS STRING WITH "And your telephone number?" DEFAULT "none"
HEAR interest AS "day return", "car and driver", "bicycle"
HEAR letters AS BOOLEAN WITH "Shall we write to you now and then?" DEFAULT FALSE

known = FIND "passengers" WHERE email = email
If known Then
    TALK "We know you already, number " + known.id + "."
    RETURN known.id
END IF

age = DATEDIFF("year", born, TODAY())
group = ""
SELECT CASE age
    CASE 0 TO 17
        group = "young"
    CASE 18 TO 64
        group = "adult"
    CASE ELSE
        group = "senior"
END SELECT

INSERT INTO "passengers" VALUES {
    "name": name,
    "email": email,
    "born": born,      ' as the person said it
    "phone": phone,
    "group": group,
    "interest": interest,
    "letters": letters,
    "since": NOW()
}

LOG ACTIVITY email, "passenger", "created", "by the form", username

If letters Then
    SEND MAIL email, "Welcome to Northern Ferries", "Dear " + name + ",

thank you for joining us.
Six crossings a day, weather permitting.

Captain Lund"
ELSE
    TALK "We will not write to you."
END IF
TALK "You are in our books as ${group}."
