WEBHOOK "museum tours"
// The shop's payment service calls this.

data = body OR {}
IF NOT data.number THEN
    result_status = 400
    result_error = "number is missing"
    EXIT
END IF

tours = FIND "tours", "number", data.number
IF tours IS EMPTY THEN
    RETURN #{ status: 404, body: #{ error: "unknown tour" } }
END IF

payload = {}
payload.number = data.number
payload.parts = []
FOR i = 1 TO data.parts STEP 1
    payload.parts.PUSH(i * 10)
END FOR
payload["paid"] = data.amount >= tours.price ? "all" : "part"

UPDATE "tours" SET paid = payload.paid, paid_at = NOW() WHERE number = data.number
PUBLISH EVENT "tour-paid", payload
RETURN #{ status: 200, body: payload, headers: #{ "X-Seen": "1" } }
