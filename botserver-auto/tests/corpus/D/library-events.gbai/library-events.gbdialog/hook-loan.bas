WEBHOOK "library loans"
' The shop's payment service calls this.

data = body OR {}
if NOT data.number THEN
    result_status = 400
    result_error = "number is missing"
    EXIT
end if

loans = FIND "loans", "number", data.number
if loans IS EMPTY THEN
    RETURN #{ status: 404, body: #{ error: "unknown loan" } }
end if

payload = {}
payload.number = data.number
payload.parts = []
FOR i = 1 TO data.parts STEP 1
    payload.parts.PUSH(i * 10)
NEXT
payload["paid"] = data.amount >= loans.price ? "all" : "part"

UPDATE "loans" SET paid = payload.paid, paid_at = NOW() WHERE number = data.number
PUBLISH EVENT "loan-paid", payload
RETURN #{ status: 200, body: payload, headers: #{ "X-Seen": "1" } }
