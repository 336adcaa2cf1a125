webhook "ticket-scanner"
' A scanner at the door reports one ticket. It wants an answer within a second: let in, or not.

switch method
    case "GET"
        return #{ status: 200, body: #{ ready: true, doors: (GET BOT MEMORY("doors_open")) OR "closed" } }
    case "POST", "PUT"
        ' go on below
    default
        return #{ status: 405 }
end switch

let code = (params.code or body.code or "").trim()
let door = lcase(body.door or "north")
if len(code) <> 7 or mid(code, 3, 1) <> "-" then
    return #{ status: 400, body: #{ error: "no code", code: code } }
end if

ticket = find "tickets", "code", code
answer = { code: code, in: false, "say": "" }

if ticket is null then
    answer.say = "unknown"
else if ticket.used_at is not null then
    answer.say = "used at " + format ticket.used_at as "HH:mm"
    answer.minutes_ago = int(datediff("second", ticket.used_at, now()) / 60)
else if ticket.door <> door && ticket.kind not in ("press", "house") then
    answer.say = "please use the " + ticket.door + " door"
else
    answer.in = true
    answer.say = "welcome" & (ticket.guest ? ", " & ticket.guest : "")
    update "tickets" set used_at = now(), door = door where code = code
    seen = (get bot memory "in_house" or 0) + 1
    set bot memory "in_house", seen
    if seen mod 100 = 0 then publish event "house-count", { seen: seen }
end if

save "scans", { code: code, ok: answer.in, at: now() }
result_status = answer.in ? 200 : 409
result_body = answer
