' next-rehearsal: when do we sing, and with whom?
' author: Hedda, who likes everything in small letters
param voice as string like "alto" enum ["soprano", "alto", "tenor", "bass"] description "The part that asks"
param weeks as integer like 4 default 3 description "How far to look"
description "Tells the rehearsals of the Lantern Street Choir for one voice"

let until = format dateadd(today(), weeks * 7, "day") as "YYYY-MM-DD"
let from = format(today(), "yyyy-MM-dd")
let dates = find "rehearsals" where day >= from and day <= until order by day

if not dates then
    talk "There is no rehearsal before ${until}."
    return []
end if

let result = []
let together = 0
for each case in dates do
    select case lcase(case.kind)
        case "tutti", "dress"
            together = together + 1
            push result, { day: case.day, hall: case.hall or "parish hall" }
        case "sectional"
            if case.voices contains voice then push result, { day: case.day, hall: case.hall or "parish hall" }
        case "concert" : talk "Mind the concert on " + format(case.day, "DD MMM") + "!"
        case else
            log "rehearsal of an unknown kind", case
    end select
end for

let first = result[0]
let days = datediff("day", today(), first.day)
let soon = days = 0 ? "today" : days = 1 ? "tomorrow" : "in ${days} days"

talk "The next for ${voice}: ${format(first.day, "MMMM D")}, ${first.hall} (${soon})."
if ubound(result) > 1 then
    let rest = ""
    for i = 1 to ubound(result) - 1
        rest = rest + (i > 1 ? "; " : "") + result[i].day + " " + capitalize(result[i].hall)
    next
    talk "Then: " + rest
end if
talk "${together} of ${count(dates)} are for all voices."
return result
