' What a reader may ask about their own data.
Talk "This is about your data at Harbour Library."
HEAR wish AS MENU "See it", "Correct it", "Delete it" WITH "What do you want?"
HEAR email AS EMAIL WITH "For which address?"

mine = FIND "readers", "email = '" + email + "'"
if mine IS NULL {
    Talk "We keep nothing about ${email}."
    RETURN
}

if wish == "See it" THEN
    Talk "This is what we have:"
    FOR EACH key IN ["name", "email", "phone", "since"] DO
        value = mine[key] ?? "-"
        Talk "- " + CAPITALIZE(key) + ": " + value
    NEXT
ELSEIF wish == "Correct it" THEN
    HEAR field AS MENU "name", "phone" WITH "Which part?"
    HEAR value AS TEXT WITH "What should it be?"
    UPDATE "readers", "email = '" + email + "'", #{ [field]: value, corrected: TODAY() }
    Talk "Corrected."
ELSE
    HEAR word AS TEXT WITH "Write DELETE if you are sure."
    if UCASE(TRIM(word)) != "DELETE" THEN
        Talk "Then everything stays."
        RETURN
    end if
    DELETE FROM "readers" WHERE email = email
    DELETE FROM "loans" WHERE email = email
    SEND MAIL email, "Your data", "Dear " + mine.name + ",\n\nall that we had about you is gone.\n"
    Talk "Everything about ${email} is gone."
end if
LOG "privacy", #{ wish: wish, at: NOW() }
