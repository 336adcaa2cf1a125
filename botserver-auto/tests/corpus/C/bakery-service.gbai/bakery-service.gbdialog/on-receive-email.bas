# A mail came in for Crumb and Crust.
PARAM from AS EMAIL LIKE "someone@example.com"
PARAM subject AS STRING LIKE "Question"
PARAM text AS STRING LIKE "Hello"

sender = from OR "unknown"
topic = "general"
# What is it about?
IF LOWER(subject) CONTAINS "order" OR LOWER(text) CONTAINS "cake" THEN
   topic = "orders"
ELSE IF subject STARTS WITH "Re:" AND NOT (text CONTAINS "http") THEN
   topic = "answers"
END IF

mood = LLM "Say in one word how this writer feels: " + text
IF mood LIKE "%angry%" THEN
   urgent = TRUE
ELSE
   urgent = FALSE
END IF

ticket = { "from": sender, "topic": topic, "text": LEFT(text, 40), "channel": GET "session.channel", "urgent": urgent }
answer = POST "https://tickets.crumb.example/new", ticket

IF answer.status = "ok" THEN
   SEND EMAIL sender, "We got your mail about ${topic}. Its number is ${answer.id}."
   IF urgent THEN NOTIFY AGENT "Berta", "An angry mail: " + answer.id
ELSE
   # Somebody has to look at it.
   TALK "The ticket service said " + TOJSON(answer)
END IF
SET "session.last_topic", topic
RETURN topic
