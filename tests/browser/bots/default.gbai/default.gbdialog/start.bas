' The bot of the page at the root of the server.
TALK "Hello. What can I do for you?"
ADD SUGGESTION TOOL "order" AS "Order bread"
