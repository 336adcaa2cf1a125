WEBHOOK "cellar-sensor"
REM The box in the cellar posts all its readings of an hour here.
REM {tank: 4, readings: [12.1, null, 12.6]}

IF headers["x-box-key"] <> GET("config", "box-key") THEN
    result = #{ status: 401, body: #{ error: "wrong key" } }
    RETURN result
END IF

LET good = []
LET bad = 0
FOR EACH r IN body.readings
    IF r IS NULL OR NOT IS_NUMERIC(r) THEN
        bad = bad + 1
    ELSE
        good = good + [VAL(r)]
    END IF
NEXT r

IF ISEMPTY(good) THEN
    RETURN { status: 422, body: { error: "no reading", bad: bad } }
END IF

LET mean = ROUND(AVG(good), 1)
LET swing = MAX(good) - MIN(good)

SELECT CASE mean
CASE IS < 4
    state = "frozen"
CASE 4 TO 9.9
    state = "cold"
CASE 10 TO 14
    state = "fine"
CASE ELSE
    state = "warm"
END SELECT
IF swing > 3 THEN state = state + ", unsteady"

tank = FIND("tanks", "id = " + body.tank)
old_state = tank.state
INSERT INTO "readings" VALUES { tank: body.tank, mean: mean, swing: swing, at: NOW() }
IF old_state <> state THEN
    UPDATE "tanks", "id = " + body.tank, { state: state, changed: FORMAT(NOW(), "yyyy-MM-dd HH:mm") }
    PUBLISH EVENT "tank-state", #{ tank: body.tank, from: old_state, to: state }
END IF

result = {}
result.status = bad > 0 ? 207 : 200
result.body = { tank: body.tank, "mean": mean, state: state, bad: bad, first: FIRST(good), sorted: SORT(good, "DESC") }
RETURN result
