PARAM concert_id AS INTEGER LIKE 12 DESCRIPTION "Number of the concert"
PARAM style AS STRING LIKE "short" ENUM ["short", "long"] DEFAULT "short"
PARAM translate_to AS STRING OPTIONAL LIKE "pt"
DESCRIPTION "Writes the programme leaflet of a concert of the Lantern Street Choir and files it"

concert = FIND "concerts", "id = ${concert_id}"
IF NOT concert THEN
    TALK "There is no concert ${concert_id}."
    RETURN NULL
END IF

pieces = FIND "pieces" WITH "concert = " + concert_id ORDER BY place
minutes = 0
notes = []
composers = ""

FOR EACH piece IN pieces DO
    minutes = minutes + (piece.minutes OR 4)
    known = CACHE GET "note_" + piece.id
    IF known IS EMPTY THEN
        known = LLM "Write " + (style = "long" ? "five sentences" : "one sentence") + " about ${piece.title} by ${piece.composer}."
            WITH OPTIMIZE FOR "quality"
            WITH MAX_COST 0.05
        CACHE SET "note_" + piece.id, known, 3600
    END IF
    IF INSTR(composers, piece.composer) = 0 THEN composers = composers + IIF(LEN(composers) = 0, "", ", ") + piece.composer
    entry = #{ "no": UBOUND(notes) + 1, title: piece.title, "by": piece.composer, note: known }
    PUSH notes, entry
END FOR

IF translate_to IS NOT NULL AND translate_to <> "en" THEN
    FOR i = 0 TO UBOUND(notes) - 1
        notes[i].note = REWRITE "into ${translate_to}: ${notes[i].note}"
    NEXT
END IF

hours = INT(minutes / 60)
span = hours > 0 ? hours + " h " + minutes MOD 60 + " min" : minutes + " min"

WITH leaflet
    title = concert.title
    day = FORMAT(concert.day, "MMMM D, YYYY")
    composers = composers
    span = span
    entries = notes
END WITH
leaflet.printed = TODAY()

pdf = GENERATE PDF "templates/leaflet.html", leaflet, "leaflets/" + concert_id + ".pdf"
SEND FILE pdf, "The leaflet of \"" + concert.title + "\""
SAVE_FROM_UNSTRUCTURED "leaflets", FORMAT leaflet AS JSON
UPDATE "concerts" SET leaflet = pdf.url OR "none", pieces = UBOUND(notes) WHERE id = concert_id
TALK "${UBOUND(notes)} pieces by ${composers}, ${span}."
RETURN pdf.url
