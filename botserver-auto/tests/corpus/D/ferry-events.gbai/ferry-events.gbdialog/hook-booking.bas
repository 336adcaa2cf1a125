WEBHOOK "ferry bookings"
REM The shop's payment service calls this.

data = body OR {}
If NOT data.number Then
    result_status = 400
    result_error = "number is missing"
    EXIT
END IF

bookings = FIND "bookings", "number", data.number
If bookings IS EMPTY Then
    RETURN #{ status: 404, body: #{ error: "unknown booking" } }
END IF

payload = {}
payload.number = data.number
payload.parts = []
FOR i = 1 TO data.parts STEP 1
    payload.parts.PUSH(i * 10)
NEXT i
payload["paid"] = data.amount >= bookings.price ? "all" : "part"

UPDATE "bookings" SET paid = payload.paid, paid_at = NOW() WHERE number = data.number
PUBLISH EVENT "booking-paid", payload
RETURN #{ status: 200, body: payload, headers: #{ "X-Seen": "1" } }
