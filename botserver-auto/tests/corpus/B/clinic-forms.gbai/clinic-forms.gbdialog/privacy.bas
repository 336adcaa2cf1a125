REM What a patient may ask about their own data.
TALK "This is about your data at Riverside Clinic."
HEAR wish AS MENU "See it", "Correct it", "Delete it" WITH "What do you want?"
HEAR email AS EMAIL WITH "For which address?"

mine = FIND "patients", "email = '" + email + "'"
if mine IS NULL {
    TALK "We keep nothing about ${email}."
    RETURN
}

IF wish = "See it" THEN
    TALK "This is what we have:"
    FOR EACH key IN ["name", "email", "phone", "since"] DO
        value = mine[key] ?? "-"
        TALK "- " + CAPITALIZE(key) + ": " + value
    END FOR
ELSE IF wish = "Correct it" THEN
    HEAR field AS MENU "name", "phone" WITH "Which part?"
    HEAR value AS TEXT WITH "What should it be?"
    UPDATE "patients", "email = '" + email + "'", { [field]: value, corrected: TODAY() }
    TALK "Corrected."
ELSE
    HEAR word AS TEXT WITH "Write DELETE if you are sure."
    IF UCASE(TRIM(word)) <> "DELETE" THEN
        TALK "Then everything stays."
        RETURN
    ENDIF
    DELETE FROM "patients" WHERE email = email
    DELETE FROM "appointments" WHERE email = email
    SEND MAIL email, "Your data", "Dear " + mine.name + ",\n\nall that we had about you is gone.\n"
    TALK "Everything about ${email} is gone."
ENDIF
LOG "privacy", { wish: wish, at: NOW() }
