' Fires when an exam is taken back. Undoes what exam-published did.
PARAM exam AS OBJECT
PARAM by AS STRING

ON ERROR GOTO refused
IF by = exam.pupil THEN THROW "pupils cannot do that"
hits = FIND "marks", "exam = " + exam.id
n = 0
told = ""
FOR EACH hit IN hits
    BEGIN TRANSACTION
    DELETE FROM "marks" WHERE exam = exam.id AND pupil = hit.pupil
    SAVE "withdrawn" WITH exam AS exam.id, pupil AS hit.pupil, mark AS hit.mark
    COMMIT
    n = n + 1
    IF hit.mark <= 2 THEN told = told & (told = "" ? "" : ", ") & hit.pupil
NEXT hit
IF told <> "" THEN
    SEND MESSAGE "Sorry to " + told + ": a good mark is gone."
END IF
' the second service is allowed to fail
answer = PUT "https://registry.birchwood.example/exams/${exam.id}", { state: "withdrawn", by: by }
TALK "${n} marks withdrawn, registry says ${answer.state}."
RETURN n

refused:
TALK "Stopped after ${n OR 0}: " + ERROR MESSAGE
SET CONTEXT "The exam ${exam.id} could not be withdrawn."
RETURN -1
