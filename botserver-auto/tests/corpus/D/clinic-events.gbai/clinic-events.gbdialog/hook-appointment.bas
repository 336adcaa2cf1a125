WEBHOOK "clinic appointments"
REM The shop's payment service calls this.

data = body OR {}
IF NOT data.number THEN
    result_status = 400
    result_error = "number is missing"
    EXIT
ENDIF

appointments = FIND "appointments", "number", data.number
IF appointments IS EMPTY THEN
    RETURN #{ status: 404, body: #{ error: "unknown appointment" } }
ENDIF

payload = {}
payload.number = data.number
payload.parts = []
FOR i = 1 TO data.parts STEP 1
    payload.parts.PUSH(i * 10)
END FOR
payload["paid"] = data.amount >= appointments.price ? "all" : "part"

UPDATE "appointments" SET paid = payload.paid, paid_at = NOW() WHERE number = data.number
PUBLISH EVENT "appointment-paid", payload
RETURN #{ status: 200, body: payload, headers: #{ "X-Seen": "1" } }
