# A mail came in for Museum of Clocks.
PARAM from AS EMAIL LIKE "someone@example.com"
PARAM subject AS STRING LIKE "Question"
PARAM text AS STRING LIKE "Hello"

sender = from OR "unknown"
topic = "general"
# What is it about?
IF LOWER(subject) CONTAINS "tour" OR LOWER(text) CONTAINS "ticket" THEN
   topic = "tours"
ELSEIF subject STARTS WITH "Re:" and NOT (text CONTAINS "http") THEN
   topic = "answers"
END IF

mood = LLM "Say in one word how this writer feels: " + text
IF mood LIKE "%angry%" THEN
   urgent = TRUE
ELSE
   urgent = FALSE
END IF

ticket = #{ "from": sender, "topic": topic, "text": LEFT(text, 40), "channel": GET "session.channel", "urgent": urgent }
answer = POST "https://tickets.clocks.example/new", ticket

IF answer.status = "ok" THEN
   SEND EMAIL sender, "We got your mail about ${topic}. Its number is ${answer.id}."
   IF urgent THEN NOTIFY AGENT "Mr Adeyemi", "An angry mail: " + answer.id
ELSE
   # Somebody has to look at it.
   TALK "The ticket service said " + TOJSON(answer)
END IF
SET "session.last_topic", topic
RETURN topic
