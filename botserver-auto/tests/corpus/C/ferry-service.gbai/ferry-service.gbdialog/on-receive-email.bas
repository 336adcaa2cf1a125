# A mail came in for Northern Ferries.
PARAM from AS EMAIL LIKE "someone@example.com"
PARAM subject AS STRING LIKE "Question"
PARAM text AS STRING LIKE "Hello"

sender = from OR "unknown"
topic = "general"
# What is it about?
If LOWER(subject) CONTAINS "booking" OR LOWER(text) CONTAINS "crossing" Then
   topic = "bookings"
ELSE IF subject STARTS WITH "Re:" AND NOT (text CONTAINS "http") Then
   topic = "answers"
END IF

mood = LLM "Say in one word how this writer feels: " + text
If mood LIKE "%angry%" Then
   urgent = TRUE
ELSE
   urgent = FALSE
END IF

ticket = { "from": sender, "topic": topic, "text": LEFT(text, 40), "channel": GET "session.channel", "urgent": urgent }
answer = POST "https://tickets.northernferries.example/new", ticket

If answer.status = "ok" Then
   SEND EMAIL sender, "We got your mail about ${topic}. Its number is ${answer.id}."
   If urgent Then NOTIFY AGENT "Captain Lund", "An angry mail: " + answer.id
ELSE
   # Somebody has to look at it.
   TALK "The ticket service said " + TOJSON(answer)
END IF
SET "session.last_topic", topic
RETURN topic
