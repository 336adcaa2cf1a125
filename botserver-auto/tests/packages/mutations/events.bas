' Events and service calls.
message = user.message OR ""
ticket = {}
ticket.title = LEFT(message, 40)
ticket.urgent = LCASE(message) CONTAINS "urgent" OR message STARTS WITH "!"
ticket.created = NOW()

IF ticket.urgent AND NOT ISEMPTY(message) THEN
    level = "high"
ELSE
    level = "normal"
END IF
answer = POST "https://example.com/tickets", #{ title: ticket.title, level: level, at: ticket.created }
IF answer.status = 201 THEN
    TALK "Your ticket is " + answer.data.id
ELSE
    TALK "The desk is closed: " + answer.status
END IF
remaining = 3
WHILE remaining > 0
    remaining = remaining - 1
    HEAR detail WITH "Anything else? (" + remaining + " left)"
    IF detail = "" OR LCASE(detail) = "no" THEN
        EXIT WHILE
    END IF
    SAVE "details.csv", #{ ticket: answer.data.id, text: detail }
WEND
TALK "Goodbye, " + username
