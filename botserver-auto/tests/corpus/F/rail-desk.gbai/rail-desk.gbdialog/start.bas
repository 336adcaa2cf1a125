REM start of the station's bot, as it came from version 2
USE KB "timetables.gbkb"
CLEAR SUGGESTIONS
ADD SUGGESTION "delays" AS "Is my train late?"
ADD SUGGESTION "lost" AS "I lost something"
ADD SUGGESTION "Ticket prices"

hour = HOUR(NOW())
greeting = hour < 12 ? "Good morning" : hour < 18 ? "Good afternoon" : "Good evening"
visits = GET USER MEMORY "visits"
visits = (visits OR 0) + 1
SET USER MEMORY "visits" AS visits
role = GET "session.role" OR "traveller"

notices = FIND "notices", "until >= '" + FORMAT TODAY() AS "YYYY-MM-DD" + "'"
SET CONTEXT "lost" AS "Lost things are kept for " + (GET BOT MEMORY("keep_days") OR 30) + " days in room 4."
SET CONTEXT "delays" AS TOYAML(notices)

IF role = "staff" THEN
  BEGIN SYSTEM PROMPT
    You answer the staff of Low Moor station. Be short; "no" is an answer.
    Notices: ${COUNT(notices)}
  END SYSTEM PROMPT
ELSE
  BEGIN SYSTEM PROMPT
    You answer travellers at Low Moor, don't promise refunds.
    # the date is ${FORMAT NOW() AS "YYYY-MM-DD"}
    Notices:
    ${TOYAML(notices)}
  END SYSTEM PROMPT
END IF
ADD TOOL "board"
USE TOOL "lost-things.bas"

BEGIN TALK
${greeting}, **${username}**!

${visits > 1 ? "Welcome back, this is visit " + visits + "." : "I am the bot of Low Moor station."}
  - timetables: say //times
  - tickets from ${FORMAT(12.4, "$#,##0.00")}
END TALK
FOR EACH notice IN notices LAST 1
  TALK "(!) " + notice.text
NEXT
LLM_TIP = LLM "One sentence for ${greeting} at a station. " + "Hour: " + hour
TALK LLM_TIP
IF visits MOD 10 = 0 THEN TALK "That was your ${visits}th visit."
