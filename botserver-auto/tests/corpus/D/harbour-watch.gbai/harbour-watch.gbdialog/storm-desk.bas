' Subscriptions of the storm desk; they are set up when this script runs.
gusts = NEW ARRAY
limit = 20

SUB remember_gust(g)
    gusts[UBOUND(gusts)] = g
    SET BOT MEMORY "top_gust", MAX(gusts)
END SUB

SUB close_bridge
    PUBLISH EVENT "bridge-closed", { at: NOW(), limit: limit }
    TALK TO "bridge keeper", "Close it, please."
END SUB

ON INSERT OF "storm_log"
    IF params.gust > 24 THEN
        NOTIFY AGENT "harbour master", "Gust of ${params.gust} m/s"
        moorings = FIND "Moorings", "Line_m < 20"
        FOR EACH m IN moorings
            CREATE TASK "Double the line of " + m.Ship, "high", "watch"
        NEXT m
    END IF
END ON

ON DELETE OF "Moorings"
    LET gone = old.Ship
    SEND MAIL "office@ostermole.example", "Mooring is free", "The ship ${gone} has left."
END ON

ON EVENT "bridge-closed" DO
    WAIT 2
    TALK "The bridge is closed since ${FORMAT(params.at, "HH:mm")}."
END ON

ON "storm:warning" CALL close_bridge

CALL remember_gust(11.5)
CALL remember_gust(26)
CALL remember_gust(19)
TALK "Top of today: " + (GET BOT MEMORY "top_gust") + " m/s"
IF MAX(gusts) > limit THEN CALL close_bridge
RETURN UBOUND(gusts)
