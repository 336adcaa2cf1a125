' Runs once, when somebody opens the chat.
TALK "Hello! I am NAME. What is your name?"
HEAR name
TALK "Nice to meet you, ${name}."

' Chips to click; each runs one of the other scripts in this folder.
ADD SUGGESTION TOOL "book" AS "Book a table"
