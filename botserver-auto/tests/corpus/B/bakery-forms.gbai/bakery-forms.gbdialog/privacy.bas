' What a customer may ask about their own data.
TALK "This is about your data at Crumb and Crust."
HEAR wish AS MENU "See it", "Correct it", "Delete it" WITH "What do you want?"
HEAR email AS EMAIL WITH "For which address?"

mine = FIND "customers", "email = '" + email + "'"
if mine IS NULL {
    TALK "We keep nothing about ${email}."
    RETURN
}

IF wish = "See it" THEN
    TALK "This is what we have:"
    FOR EACH key IN ["name", "email", "phone", "since"]
        value = mine[key] ?? "-"
        TALK "- " + CAPITALIZE(key) + ": " + value
    NEXT
ELSE IF wish = "Correct it" THEN
    HEAR field AS MENU "name", "phone" WITH "Which part?"
    HEAR value AS TEXT WITH "What should it be?"
    UPDATE "customers", "email = '" + email + "'", { [field]: value, corrected: TODAY() }
    TALK "Corrected."
ELSE
    HEAR word AS TEXT WITH "Write DELETE if you are sure."
    IF UCASE(TRIM(word)) <> "DELETE" THEN
        TALK "Then everything stays."
        RETURN
    END IF
    DELETE FROM "customers" WHERE email = email
    DELETE FROM "orders" WHERE email = email
    SEND MAIL email, "Your data", "Dear " + mine.name + ",\n\nall that we had about you is gone.\n"
    TALK "Everything about ${email} is gone."
END IF
LOG "privacy", { wish: wish, at: NOW() }
