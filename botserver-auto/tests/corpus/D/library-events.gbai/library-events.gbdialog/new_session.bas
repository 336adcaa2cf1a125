' A conversation begins.
PARAM session_id AS STRING
PARAM reader_id AS STRING
PARAM channel AS STRING

session_data = {}
session_data.id = session_id
session_data.channel = channel
session_data.opened = FORMAT(NOW(), "DD/MM/YYYY HH:mm")

reader = FIND "readers" WHERE id = reader_id
session_data.known = NOT (reader IS NULL)

if session_data.known THEN
    session_data.name = reader.name
    past = FIND "loans" WHERE name = reader.name ORDER BY day DESC LIMIT 3
    session_data.past = COUNT(past)
    FOR entry IN past DO
        if entry.status == "complaint" THEN
            session_data.careful = TRUE
            BREAK
        end if
        CONTINUE
    END FOR
ELSE
    session_data.name = "guest"
end if

SAVE "sessions", session_data
SET SESSION session_id, "data", session_data

if session_data.careful THEN
    NOTIFY AGENT "Ines" WITH "Be careful with " + session_data.name
end if

hour = HOUR(NOW())
if hour < 8 OR hour >= 18 THEN
    SEND MESSAGE "We are closed now and answer tomorrow."
ELSEIF channel IN ("whatsapp", "sms") THEN
    SEND MESSAGE "Hello " + session_data.name + ", this is Harbour Library."
ELSE
    SEND MESSAGE "Hello ${session_data.name}! Three floors of books and one quiet cat."
end if

SCHEDULE IN 300 SECONDS DO
    SEND TO SESSION session_id, "Are you still there?"
END SCHEDULE
