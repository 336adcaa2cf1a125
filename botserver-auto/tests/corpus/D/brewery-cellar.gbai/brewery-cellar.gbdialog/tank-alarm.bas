REM Somebody has to go down to the cellar. Asks the brewers in turn.
PARAM tank AS INTEGER LIKE 4
PARAM state AS STRING LIKE "warm"
DESCRIPTION "Calls the brewers when a tank changes its state"

LET queue = (RECALL "watch_queue") OR ["Resi", "Korbinian", "Vroni"]
LET asked = []
LET taker = NULL

WHILE UBOUND(queue) > 0 AND taker IS NULL
    LET next_one = FIRST(queue)
    queue = SHIFT(queue)
    asked = asked + [next_one]
    TALK TO "whatsapp:" + next_one, "Tank ${tank} is ${state}. Can you go?"
    said = WAIT FOR EVENT "answer-" + LCASE(next_one) TIMEOUT 120
    IF said?.text = "yes" THEN taker = next_one
WEND

IF taker = NULL THEN
    TALK "Nobody goes; I wake " + (GET USER MEMORY "boss" OR "the owner") + "."
    CREATE TASK "Look after tank " + tank, "Asked: " + JOIN(asked, ", "), "owner", DATEADD(NOW(), 30, "minutes")
    GOTO done
END IF

TALK taker & " goes. Asked " & COUNT(asked) & " of 3."
rest = UNIQUE(queue + asked)
REMEMBER "watch_queue", rest, "2 weeks"
IF state CONTAINS "frozen" THEN
    TALK TO taker, "Take the heat mat with you."
ELSE IF state CONTAINS "unsteady" AND state NOT IN ("cold", "fine") THEN
    TALK TO taker, "Check the valve first."
END IF

done:
PRINT "asked: " + TOJSON(asked)
RETURN taker
