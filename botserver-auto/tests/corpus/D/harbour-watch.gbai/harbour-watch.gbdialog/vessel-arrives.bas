' The radar saw a vessel pass the outer buoy.
PARAM payload AS OBJECT LIKE "{}"
PARAM seen_at AS DATETIME OPTIONAL

arrival = {}
arrival.ship = payload.name OR "unnamed"
arrival.flag = payload["flag"]
arrival.seen = FORMAT((seen_at OR NOW()), "DD/MM HH:mm")
arrival.crew = []
arrival.alarms = 0

FOR person IN payload.crew DO
    entry = {}
    entry.name = person.last & ", " & LEFT(person.first, 1) & "."
    entry.needs_visa = NOT (person.nation IN ("NO", "DK", "SE"))
    IF entry.needs_visa THEN arrival.alarms = arrival.alarms + 1
    arrival.crew.PUSH(entry)
END FOR

' Cargo comes as one text: "grain:40;ammonia:3"
FOR EACH part IN SPLIT(payload.cargo, ";")
    pair = SPLIT(part, ":")
    IF UBOUND(pair) < 2 THEN CONTINUE
    SELECT CASE LCASE(TRIM(pair[0]))
        CASE "ammonia", "chlorine"
            arrival.danger = VAL(pair[1])
            arrival.alarms = arrival.alarms + 10
        CASE "grain"
            arrival.grain = VAL(pair[1])
        CASE ELSE
            arrival.other = (arrival.other OR 0) + VAL(pair[1])
    END SELECT
NEXT

pilot = FIND "pilots" WHERE on_duty = TRUE ORDER BY trips LIMIT 1
IF pilot IS NULL THEN
    NOTIFY AGENT "harbour master", "No pilot for ${arrival.ship}"
ELSE
    arrival.pilot = pilot.name
    SEND MESSAGE "Pilot ${pilot.name} takes ${arrival.ship}."
    UPDATE "pilots" WITH trips AS pilot.trips + 1, last_ship AS arrival.ship WHERE name = pilot.name
END IF

SAVE "arrivals", arrival

IF arrival.alarms >= 10 THEN
    NOTIFY AGENT "fire station" WITH "${arrival.ship} carries ${arrival.danger} t of something bad"
    SCHEDULE IN 15 * 60 SECONDS DO
        TALK TO "fire station", "Is the foam boat ready for ${arrival.ship}?"
        SET BOT MEMORY "last_alarm", arrival.ship
    END SCHEDULE
ELSE IF arrival.alarms > 0 THEN
    NOTIFY AGENT "border police" WITH "Visas to check: " + arrival.alarms
END IF
RETURN arrival
