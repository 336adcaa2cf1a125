' reads the boxes in the three stables, old box speaks tenths of degrees
SET SCHEDULE "0 */10 * * * *"
hosts = ["10.0.0.11", "10.0.0.12", "10.0.0.13"]
names = ARRAY("cows", "calves", "goats")
readings = NEW ARRAY
tries = 0
i = 0

read_on:
IF i >= UBOUND(hosts) THEN GOTO judge
ON ERROR GOTO trouble
box = GET "http://" + hosts[i] + "/now.json"
ON ERROR GOTO 0
t = box.t / 10
h = box?.h ?? 0
readings.PUSH({ stable: names[i], t: t, h: h, at: FORMAT(NOW(), "yyyy-MM-dd HH:mm:ss") })
tries = 0
i = i + 1
GOTO read_on

trouble:
tries = tries + 1
PRINT names[i] + ", attempt " + tries + ": " + ERROR_MESSAGE
CLEAR ERROR
IF tries < 2 THEN
  WAIT 5
ELSE
  i = i + 1
  tries = 0
END IF
GOTO read_on

judge:
msg = ""
FOR EACH r IN readings
  SELECT CASE TRUE
    CASE r.t > 27
      msg = msg + r.stable + " too hot (" + r.t + ")\n"
    CASE r.t < 4 AND r.stable <> "cows", r.t < -5
      msg = msg + r.stable + " too cold (" + r.t + ")\n"
  END SELECT
  IF r.h BETWEEN 40 AND 80 THEN CONTINUE
  msg = msg + r.stable + ": damp " + r.h + "\n"
NEXT
IF msg THEN TALK TO "Olga", msg
MERGE ".Readings" WITH readings BY "stable,at"
