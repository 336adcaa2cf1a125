# Two teachers want to swap rooms. Looks whether that can be done,
# and does it in both calendars or in none.
param first as object like "{}"
param second as object
description "Swaps the rooms of two lessons"

if not first or not second then
    return { done: false, why: "a lesson is missing" }
endif

why = ""
if first.day <> second.day then why = "not on the same day"
if why = "" and first.pupils > second.seats then why = "too small for " + first.class
if why = "" and second.pupils > first.seats then why = "too small for " + second.class
' special rooms: a lab stays a lab
if why = "" then
    for each word in ["lab", "gym", "kitchen"] do
        a = lower(first.room) contains word
        b = lower(second.room) contains word
        if a <> b then
            why = "one of them is a " + word
            break
        end if
    end for
end if

if why <> "" then
    talk "They cannot swap: " + why + "."
    return { done: false, why: why }
end if

try
    answer = call "/calendar/rooms/swap", { a: first.id, b: second.id, at: format(now(), "YYYY-MM-DD HH:mm") }
    if answer.status = "conflict" then throw answer.with & " has the room already"
    begin transaction
    update "lessons" set room = second.room,
           swapped = true where id = first.id
    update "lessons" set room = first.room, swapped = true where id = second.id
    commit transaction
catch e
    talk "Both keep their rooms: " + e.message
    create_task "Rooms of " + first.class + " and " + second.class, "low", "caretaker"
    return { done: false, why: e.message }
end try

for each mail in [first.teacher, second.teacher]
    send mail mail, "Rooms", "${first.class} is in ${second.room} now,
and ${second.class} in ${first.room}."
next mail
talk first.class & " <-> " & second.class
return { done: true }
