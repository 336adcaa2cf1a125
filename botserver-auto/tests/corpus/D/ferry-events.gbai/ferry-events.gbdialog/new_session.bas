REM A conversation begins.
PARAM session_id AS STRING
PARAM passenger_id AS STRING
PARAM channel AS STRING

session_data = {}
session_data.id = session_id
session_data.channel = channel
session_data.opened = FORMAT(NOW(), "DD/MM/YYYY HH:mm")

passenger = FIND "passengers" WHERE id = passenger_id
session_data.known = NOT (passenger IS NULL)

If session_data.known Then
    session_data.name = passenger.name
    past = FIND "bookings" WHERE name = passenger.name ORDER BY day DESC LIMIT 3
    session_data.past = COUNT(past)
    FOR entry IN past DO
        If entry.status = "complaint" Then
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

If session_data.careful Then
    NOTIFY AGENT "Captain Lund" WITH "Be careful with " + session_data.name
END IF

hour = HOUR(NOW())
If hour < 8 OR hour >= 18 Then
    SEND MESSAGE "We are closed now and answer tomorrow."
ELSE IF channel IN ("whatsapp", "sms") Then
    SEND MESSAGE "Hello " + session_data.name + ", this is Northern Ferries."
ELSE
    SEND MESSAGE "Hello ${session_data.name}! Six crossings a day, weather permitting."
END IF

SCHEDULE IN 300 SECONDS DO
    SEND TO SESSION session_id, "Are you still there?"
END SCHEDULE
