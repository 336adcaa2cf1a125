' start.bas runs once, when somebody opens the chat.
' Change a line, save the file, and open a new chat: the change is there.

TALK "Hello! I am the first bot of your server."

' Chips to click. SUGGESTION TOOL runs one of the other scripts in this folder.
CLEAR SUGGESTIONS
ADD SUGGESTION TOOL "shopping-list" AS "Write a shopping list"
ADD SUGGESTION TOOL "days-until" AS "Count the days to a date"
ADD SUGGESTION TOOL "split-bill" AS "Split a bill"

' Everything between BEGIN TALK and END TALK is one message, with Markdown.
BEGIN TALK
Pick something below, or just write to me:

- **Write a shopping list**: a dialog that asks one thing after the other
- **Count the days to a date** and **Split a bill**: tools, which a language model may use as well

I live in `bots/default.gbai`.
END TALK
