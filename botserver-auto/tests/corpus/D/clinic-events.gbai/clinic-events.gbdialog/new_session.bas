REM A conversation begins.
PARAM session_id AS STRING
PARAM patient_id AS STRING
PARAM channel AS STRING

session_data = {}
session_data.id = session_id
session_data.channel = channel
session_data.opened = FORMAT(NOW(), "DD/MM/YYYY HH:mm")

patient = FIND "patients" WHERE id = patient_id
session_data.known = NOT (patient IS NULL)

IF session_data.known THEN
    session_data.name = patient.name
    past = FIND "appointments" WHERE name = patient.name ORDER BY day DESC LIMIT 3
    session_data.past = COUNT(past)
    FOR entry IN past DO
        IF entry.status = "complaint" THEN
            session_data.careful = TRUE
            BREAK
        ENDIF
        CONTINUE
    END FOR
ELSE
    session_data.name = "guest"
ENDIF

SAVE "sessions", session_data
SET SESSION session_id, "data", session_data

IF session_data.careful THEN
    NOTIFY AGENT "Nurse Okafor" WITH "Be careful with " + session_data.name
ENDIF

hour = HOUR(NOW())
IF hour < 8 OR hour >= 18 THEN
    SEND MESSAGE "We are closed now and answer tomorrow."
ELSE IF channel IN ("whatsapp", "sms") THEN
    SEND MESSAGE "Hello " + session_data.name + ", this is Riverside Clinic."
ELSE
    SEND MESSAGE "Hello ${session_data.name}! We are here on weekdays from eight to five."
ENDIF

SCHEDULE IN 300 SECONDS DO
    SEND TO SESSION session_id, "Are you still there?"
END SCHEDULE
