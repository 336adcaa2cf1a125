# Asks the tide service when the lock can be passed.
# (c) pilots' office

SET HEADER "Accept" = "application/json"
SET HEADER "X-Station", "OST-4"

HEAR wanted AS DATE WITH "Which day do you want to pass the lock?"
HEAR depth AS FLOAT WITH "What is your draught in metres?" DEFAULT 1.2

TRY
    tides = GET "https://tides.example/v2/stations/OST-4?day=" + wanted
CATCH e
    # The service rests on Sundays.
    TALK "The tide service does not answer: " + e.message
    RETURN { found: FALSE, reason: "service" }
END TRY
CLEAR HEADERS

windows = []
i = 0
DO WHILE i < UBOUND(tides.levels)
    level = tides.levels[i]
    IF level.height - depth >= 0.5 AND level.kind <> "ebb" THEN
        windows[UBOUND(windows)] = level.at
    END IF
    i = i + 1
LOOP

IF windows IS EMPTY THEN
    next_day = DATEADD("day", 1, wanted)
    TALK "Not on ${wanted}. Try " + FORMAT next_day AS "MMM DD, YYYY" + "."
ELSEIF LEN(windows) = 1 THEN
    TALK "Only once: at " + FIRST(windows)
ELSE
    TALK UBOUND(windows) & " windows: " & JOIN(windows, " / ")
END IF

ahead = DATEDIFF("day", TODAY(), wanted)
SET USER MEMORY "last_lock_day", wanted
SET "session.intent", "lock"
RETURN { "found": windows IS NOT NULL AND UBOUND(windows) > 0, ahead: ahead, day: wanted }
