' PIX transfer, style of the mobile team
PARAM key AS STRING
PARAM value AS MONEY
DESCRIPTION "Sends a PIX"

IF ISEMPTY(key) THEN
   HEAR key AS TEXT WITH "To which key?"
END IF
DO WHILE value = NULL OR value <= 0
   HEAR value AS MONEY WITH "How much?"
LOOP

kind = "random"
IF INSTR(key, "@") > 0 THEN
   kind = "mail"
ELSE IF IS_NUMERIC(key) AND LEN(key) = 11 THEN
   kind = "cpf"
ELSE IF LEFT(key, 1) = "+" THEN
   kind = "phone"
END IF

limit = IIF(HOUR(NOW()) >= 20 OR HOUR(NOW()) < 6, 1000, 5000)
IF value > limit THEN
   TALK "The limit at this hour is " + FORMAT(limit, "#,##0.00") + "."
   RETURN { "ok": FALSE, "reason": "limit" }
END IF
pin = HEAR "Type your PIN"
IF LEN(pin) <> 4 THEN
   TALK "Wrong PIN"
   RETURN { "ok": FALSE, "reason": "pin" }
END IF
id = SAVE "pix", { key: key, kind: kind, value: value, at: NOW() }
TALK "Sent " + FORMAT(value, "R$ #,##0.00") + " to the " + kind + " key " + key + " ✅"
RETURN { "ok": TRUE, "kind": kind }
