WEBHOOK "bakery orders"
' The shop's payment service calls this.

data = body OR {}
IF NOT data.number THEN
    result_status = 400
    result_error = "number is missing"
    EXIT
END IF

orders = FIND "orders", "number", data.number
IF orders IS EMPTY THEN
    RETURN #{ status: 404, body: #{ error: "unknown order" } }
END IF

payload = {}
payload.number = data.number
payload.parts = []
FOR i = 1 TO data.parts STEP 1
    payload.parts.PUSH(i * 10)
NEXT
payload["paid"] = data.amount >= orders.price ? "all" : "part"

UPDATE "orders" SET paid = payload.paid, paid_at = NOW() WHERE number = data.number
PUBLISH EVENT "order-paid", payload
RETURN #{ status: 200, body: payload, headers: #{ "X-Seen": "1" } }
