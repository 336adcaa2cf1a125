# A mail came in for Harbour Library.
PARAM from AS EMAIL LIKE "someone@example.com"
PARAM subject AS STRING LIKE "Question"
PARAM text AS STRING LIKE "Hello"

sender = from OR "unknown"
topic = "general"
# What is it about?
if LOWER(subject) CONTAINS "loan" OR LOWER(text) CONTAINS "book" THEN
   topic = "loans"
ELSEIF subject STARTS WITH "Re:" && NOT (text CONTAINS "http") THEN
   topic = "answers"
end if

mood = LLM "Say in one word how this writer feels: " + text
if mood LIKE "%angry%" THEN
   urgent = TRUE
ELSE
   urgent = FALSE
end if

ticket = #{ "from": sender, "topic": topic, "text": LEFT(text, 40), "channel": GET "session.channel", "urgent": urgent }
answer = POST "https://tickets.harbourlibrary.example/new", ticket

if answer.status == "ok" THEN
   SEND EMAIL sender, "We got your mail about ${topic}. Its number is ${answer.id}."
   if urgent THEN NOTIFY AGENT "Ines", "An angry mail: " + answer.id
ELSE
   # Somebody has to look at it.
   Talk "The ticket service said " + TOJSON(answer)
end if
SET "session.last_topic", topic
RETURN topic
