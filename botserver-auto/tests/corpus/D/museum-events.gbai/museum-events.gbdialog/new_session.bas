// A conversation begins.
PARAM session_id AS STRING
PARAM visitor_id AS STRING
PARAM channel AS STRING

session_data = {}
session_data.id = session_id
session_data.channel = channel
session_data.opened = FORMAT(NOW(), "DD/MM/YYYY HH:mm")

visitor = FIND "visitors" WHERE id = visitor_id
session_data.known = NOT (visitor IS NULL)

IF session_data.known THEN
    session_data.name = visitor.name
    past = FIND "tours" WHERE name = visitor.name ORDER BY day DESC LIMIT 3
    session_data.past = COUNT(past)
    FOR entry IN past DO
        IF entry.status = "complaint" THEN
            session_data.careful = TRUE
            BREAK
        END IF
        CONTINUE
    END FOR
ELSE
    session_data.name = "guest"
END IF

SAVE "sessions", session_data
SET SESSION session_id, "data", session_data

IF session_data.careful THEN
    NOTIFY AGENT "Mr Adeyemi" WITH "Be careful with " + session_data.name
END IF

hour = HOUR(NOW())
IF hour < 8 OR hour >= 18 THEN
    SEND MESSAGE "We are closed now and answer tomorrow."
ELSEIF channel IN ("whatsapp", "sms") THEN
    SEND MESSAGE "Hello " + session_data.name + ", this is Museum of Clocks."
ELSE
    SEND MESSAGE "Hello ${session_data.name}! Four hundred clocks, and hardly two agree."
END IF

SCHEDULE IN 300 SECONDS DO
    SEND TO SESSION session_id, "Are you still there?"
END SCHEDULE
