' Fires when a teacher publishes the marks of an exam.
PARAM exam AS OBJECT
PARAM marks AS ARRAY

WITH stats
    .subject = exam.subject
    .written = UBOUND(marks)
    .best = NULL
END WITH
stats.spread = [0, 0, 0, 0, 0, 0]

total = 0
weak = []
ON ERROR GOTO refused
FOR EACH m IN marks
    ASSERT m.mark >= 1 AND m.mark <= 6, "mark ${m.mark} of ${m.pupil} is not one of ours"
    total = total + m.mark
    slot = m.mark - 1
    stats.spread[slot] = stats.spread[slot] + 1
    IF stats.best IS NULL OR m.mark < stats.best.mark THEN stats.best = m
    IF m.mark >= 5 THEN weak[UBOUND(weak)] = m
NEXT
ON ERROR GOTO 0
stats.average = ROUND(total / stats.written, 2)

FOR grade = 6 TO 1 STEP -1
    amount = stats.spread[grade - 1]
    IF amount = 0 THEN CONTINUE
    TALK "Mark " + grade + ": " + amount + (amount = 1 ? " pupil" : " pupils")
NEXT grade

IF UBOUND(weak) / stats.written > 1 / 3 THEN
    NOTIFY AGENT exam.teacher, "More than a third is weak: the head has to agree before it counts."
    stats.counts = FALSE
ELSE
    stats.counts = TRUE
END IF

FOR EACH w IN weak LAST 2
    SEND EMAIL w.parent OR "office@birchwood.example", "Result in ${exam.subject}", "Please talk to us about ${w.pupil} by ${FORMAT(NOW() + DAYS(7), "DD/MM/YYYY")}."
NEXT w
SET USER MEMORY "exam_" + exam.id AS stats.average
RETURN stats
refused:
TALK "Not published: " + ERROR_MESSAGE
PUBLISH EVENT "exam-refused", { id: exam.id }
RETURN NULL
