# Looks at the coming nights and wakes the people with the candles.
# The station answers with one record for each hour.
PARAM station AS STRING LIKE "hill-3" DESCRIPTION "Which weather station"
PARAM threshold AS NUMBER LIKE -1.5 DEFAULT -1 DESCRIPTION "Degrees from which blossom dies"
DESCRIPTION "Warns the frost crew of Pomander Hill when the blossom is in danger"

SET HEADER "X-Station" AS station
SET HEADER "Accept" = "application/json"
forecast = GET "https://frost.example/v2/stations/${station}/hours?n=" + 6
CLEAR HEADERS

if (forecast.hours) THEN
    PRINT "hours: " + UBOUND(forecast.hours)
else
    TALK "Station ${station} is silent."
    RETURN { ok: FALSE, nights: [] }
end if

coldest = 99
cold = NEW ARRAY
bloom = (GET BOT MEMORY "bloom") OR "closed"

FOR EACH hour IN forecast.hours DO
    if hour.degrees < coldest THEN
        coldest = hour.degrees
        at = hour.time
    end if
    IF hour.degrees > threshold THEN CONTINUE
    cold[UBOUND(cold)] = #{ "at": hour.time, "degrees": hour.degrees, wind: hour?.wind?.speed ?? 0 }
END FOR

IF UBOUND(cold) = 0 THEN
    TALK "No danger: the coldest is " + coldest + " degrees."
    RETURN { ok: TRUE, nights: cold }
END IF

wet = 0
for i = 0 to UBOUND(cold) - 1
    wet = wet + IIF(cold[i].wind < 2, 1, 0)
next i

level = (bloom = "open" && coldest <= threshold - 1) ? "red" : "amber"
text = "Frost " + UCASE(level) + ": " + FORMAT coldest AS "#0.0" + " degrees at " + FORMAT(at, "HH:mm") + ", " & wet & " still hours"
TALK text

crew = FIND "crew" WHERE on_call = TRUE ORDER BY name
FOR EACH member IN crew
    sent = POST "https://pager.example/send", #{ to: member.phone, body: text, level: level }
    IF sent.data.queued = FALSE OR sent.status >= 400 THEN
        SEND MAIL member.email, "Frost " + level, "Dear ${member.name},\n\n" + text + "."
    ELSE
        sent_ids = sent_ids + [sent.data.id]
    END IF
NEXT

REMEMBER "frost_" + station = FORMAT(NOW(), "YYYY-MM-DD HH:mm")
RETURN { ok: FALSE, level: level, nights: cold, pages: sent_ids }
