' Onboarding workflow
TALK "Welcome aboard!"
LET person = {}
HEAR person.name AS NAME WITH "Full name?"
HEAR person.email AS EMAIL WITH "Company e-mail?"
HEAR person.hired AS DATE WITH "First day?"
person.salary = 3000
SAVE "employees", person

checklist = ARRAY("Laptop", "Badge", "Contract", "Bank data")
done = 0
FOR EACH task IN checklist
    CALL ask_task(task)
NEXT task
TALK "${done} of ${COUNT(checklist)} done"
IF done < COUNT(checklist) THEN
    CREATE_TASK "Finish onboarding of " + person.name, "high", "hr"
END IF

SUB ask_task(t)
    HEAR ok AS BOOLEAN WITH t + " received?"
    IF NOT ok THEN
        EXIT SUB
    END IF
    done = done + 1
END SUB
