' Temperatures of the four fridges, twice a night. A fridge that is too warm twice
' running is reported; its medicines are set aside.

TABLE fridge_log WRITE BY "night;chief"
    id integer key
    fridge string(12)
    at datetime
    degrees double
    alarm boolean
END TABLE

SET SCHEDULE "every 4 hours"
SET HEADER "X-Key" AS GET BOT MEMORY("fridge_key")

LET limits = { F1: 8, F2: 8, F3: -18, F4: 5 }
LET alarms = 0

SUB set_aside(fridge, degrees)
    goods = FIND "stock" WHERE fridge = fridge
    IF NOT goods THEN
        PRINT fridge & " is empty"
        EXIT SUB
    END IF
    names = []
    FOR EACH good IN goods
        APPEND names, good.name + " (" + good.left + ")"
        UPDATE "stock" SET blocked = TRUE, blocked_by = "cold-chain" WHERE name = good.name
    NEXT
    CREATE TASK "Set aside: " + JOIN(names, ", "), "high", "Farah"
    alarms = alarms + 1
END SUB

ON ERROR RESUME NEXT
FOR EACH fridge IN limits
    CLEAR ERROR
    seen = GET "https://fridges.lantern.example/v1/" + LCASE(fridge)
    IF ERROR THEN
        TALK TO "chief", "${fridge} is silent: ${ERROR MESSAGE}"
        CONTINUE
    END IF
    degrees = seen.data.celsius OR seen.celsius
    warm = degrees > limits[fridge]
    before = RECALL "warm_" + fridge
    INSERT INTO "fridge_log" WITH fridge = fridge, at = FORMAT(NOW(), "YYYY-MM-DD HH:mm"), degrees = degrees, alarm = warm
    IF warm AND before = TRUE THEN
        CALL set_aside(fridge, degrees)
    END IF
    REMEMBER "warm_" + fridge, warm, "6 hours"
NEXT fridge
ON ERROR GOTO 0

SET SESSION "s-chief", "fridge_alarms", alarms
TALK alarms = 0 ? "All fridges are cold." : "Alarms: " + alarms
