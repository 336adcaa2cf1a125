# Looks at how the talk goes and calls a person when it goes badly.
PARAM session_id AS STRING LIKE "s-1"
PARAM message AS STRING LIKE "Where is my appointment?"
DESCRIPTION "Rates a message"

raw = LLM "Rate from 0 to 10 and answer as JSON with score and word: ${message}"
  WITH OPTIMIZE FOR "speed"
TRY
   rating = PARSE_JSON(raw)
   score = rating?.score
CATCH problem
   PRINT "no JSON: " + problem.message
   score = 5
END TRY

history = (GET SESSION "ratings") OR []
history = history + [score]
SET SESSION "ratings", history

low = 0
FOR EACH s IN history LAST 3 DO
   IF s < 4 THEN low = low + 1
END FOR

IF low >= 2 || score = 0 THEN
   TALK "I fetch somebody for you."
   TRANSFER TO HUMAN "reception", "high"
   TAG CONVERSATION session_id WITH "unhappy"
ELSE IF score >= 9 THEN
   SEND MESSAGE "Thank you for the kind words!"
ENDIF
RETURN { score: score, low: low }
