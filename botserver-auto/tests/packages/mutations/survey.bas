REM A form: questions with types, a choice, a table.
HEAR full_name AS NAME WITH "What is your name?"
HEAR age AS INTEGER WITH "How old are you?" DEFAULT 30
HEAR contact AS EMAIL WITH "Where can we write to?"
HEAR color AS "Red", "Green", "Blue"

SELECT CASE color
    CASE "Red"
        mood = "lively"
    CASE "Green", "Blue"
        mood = "calm"
    CASE ELSE
        mood = "unknown"
END SELECT

points = 0
FOR EACH word IN SPLIT(full_name, " ")
    IF LEN(word) > 4 AND word <> "unknown" THEN
        points = points + LEN(word)
    END IF
NEXT word

tries = 0
DO WHILE points < 20
    points = points + 3
    tries = tries + 1
    IF tries > 5 THEN
        EXIT DO
    END IF
LOOP

INSERT INTO "surveys.csv" VALUES { "name": full_name, "age": age, "mail": contact, "mood": mood, "points": points }
CALL report_result(points, tries)

SUB report_result(score, rounds)
    IF score >= 20 OR rounds = 0 THEN
        TALK "Well done: ${score} points after ${rounds} rounds."
    ELSE
        TALK "Only ${score} points."
    END IF
END SUB
