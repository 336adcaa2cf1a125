' A talk goes from the bot to a secretary, or from one secretary to the next.
param session_id as string
param from_agent as string optional
param to_agent as string
param reason as string default "asked"

let parent = get session session_id, "parent"
let note = { "owner": to_agent, "parent": parent, lang: GET SESSION "lang", at: FORMAT(NOW(), "HH:mm") }

count = (GET SESSION "transfers" OR 0) + 1
set session "transfers", count

if (from_agent is null) then
    greeting = "I pass you on to " + to_agent + "."
else if (from_agent = to_agent) then
    return false
else
    greeting = from_agent + " passes you on to " + to_agent + "."
end if

switch note.lang
    case "pt", "pt-BR"
        greeting = "Vou passar você para " + to_agent + "."
    case "es"
        greeting = "Le paso con " + to_agent + "."
    default
        if count > 2 then greeting = greeting + " Sorry for the to and fro."
end switch

send to session session_id, greeting
tag conversation session_id, "transfer-" + count

' the secretary should see what it is about
last_lines = find "messages" where session = session_id order by sent desc limit 3
text = ""
for each line in last_lines do
    text = line.author + ": " + line.body + "\n" + text
end for
notify agent to_agent with "From " + (parent?.name or "somebody") + " (" + reason + ")\n" + text

if count >= 3 && reason <> "asked" then
    create_task "Call " + (parent.phone or "the parents"), "high", to_agent
    log activity session_id, "session", "escalated", reason, to_agent
end if
note.count = count
return note
