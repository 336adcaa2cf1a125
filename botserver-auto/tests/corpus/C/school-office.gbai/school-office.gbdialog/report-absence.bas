# Birchwood School. Parents report that a child stays at home.
PARAM pupil_id AS INTEGER LIKE 310
PARAM first_day AS DATE OPTIONAL

LET today_text = FORMAT(TODAY(), "yyyy-MM-dd")
LET first_day = first_day OR today_text

pupil = FIND "pupils", "id = ${pupil_id}"
IF pupil = NULL THEN RETURN "unknown pupil"
TALK "You want to report " + pupil.name + " (class " + pupil.class + ") as absent."

days = 0
attempts = 0
WHILE days < 1 OR days > 20
    HEAR days AS INTEGER "For how many school days?"
    attempts = attempts + 1
    IF attempts > 3 THEN
        TALK "Please phone the office."
        RETURN "gave up"
    END IF
WEND

# count over the weekend
d = CDATE(first_day)
counted = 0
dates = []
DO
    IF WEEKDAY(d) <> 1 AND WEEKDAY(d) <> 7 THEN
        counted = counted + 1
        APPEND dates, FORMAT(d, "DD/MM")
    END IF
    d = DATEADD(d, 1, "day")
LOOP UNTIL counted = days
back = d
DO WHILE WEEKDAY(back) = 1 OR WEEKDAY(back) = 7
    back = DATEADD(back, "day", 1)
LOOP

exams = FIND "exams" WHERE class = pupil.class AND day >= first_day ORDER BY day ASC LIMIT 2
missed = FILTER(exams, "day < '" + FORMAT(back, "YYYY-MM-DD") + "'")

UPDATE "pupils" SET
    absent_from = first_day,
    absent_days = days
  WHERE id = pupil_id

result = CALL "/school/absences/add", { pupil: pupil_id, dates: dates, by: GET SESSION "user_name" OR "parent" }
TALK "Noted for: " + JOIN(dates, ", ") + ". Back on " + FORMAT back AS "DD/MM/YYYY" + "."
FOR EACH exam IN missed
    TALK "Mind: the ${exam.subject} test of ${exam.day} has to be written later."
    SAVE "resits", pupil_id, exam.subject, exam.day
NEXT exam
RETURN result.id
