questions = [
  { id: "q1", text: "How happy are you? (1-5)" },
  { id: "q2", text: "Would you recommend us? (1-5)" }
]
answers = {}
total = 0
for each q in questions
  tries = 0
  while true
    hear v as integer with q.text
    if v >= 1 and v <= 5 then exit while
    tries = tries + 1
    if tries > 2 then break
    talk "From 1 to 5, please."
  end while
  answers[q.id] = v
  total = total + v
next q
avg_score = total / ubound(questions)
mood = switch_mood(avg_score)
save "surveys", now(), avg_score, mood
talk "Thanks! " & mood
function switch_mood(n)
  if n > 4 then return "😀"
  if n > 2.5 then return "😐"
  return "🙁"
end function
