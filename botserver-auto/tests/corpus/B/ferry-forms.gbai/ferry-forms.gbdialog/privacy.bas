REM What a passenger may ask about their own data.
TALK "This is about your data at Northern Ferries."
HEAR wish AS MENU "See it", "Correct it", "Delete it" WITH "What do you want?"
HEAR email AS EMAIL WITH "For which address?"

mine = FIND "passengers", "email = '" + email + "'"
if mine IS NULL {
    TALK "We keep nothing about ${email}."
    RETURN
}

If wish = "See it" Then
    TALK "This is what we have:"
    FOR EACH key IN ["name", "email", "phone", "since"]
        value = mine[key] ?? "-"
        TALK "- " + CAPITALIZE(key) + ": " + value
    NEXT key
ELSE IF wish = "Correct it" Then
    HEAR field AS MENU "name", "phone" WITH "Which part?"
    HEAR value AS TEXT WITH "What should it be?"
    UPDATE "passengers", "email = '" + email + "'", { [field]: value, corrected: TODAY() }
    TALK "Corrected."
ELSE
    HEAR word AS TEXT WITH "Write DELETE if you are sure."
    If UCASE(TRIM(word)) <> "DELETE" Then
        TALK "Then everything stays."
        RETURN
    END IF
    DELETE FROM "passengers" WHERE email = email
    DELETE FROM "bookings" WHERE email = email
    SEND MAIL email, "Your data", "Dear " + mine.name + ",\n\nall that we had about you is gone.\n"
    TALK "Everything about ${email} is gone."
END IF
LOG "privacy", { wish: wish, at: NOW() }
