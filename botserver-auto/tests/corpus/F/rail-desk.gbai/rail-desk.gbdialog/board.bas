REM DEPARTURE BOARD - the very first bot of the station, moved here as it was
LET LIMIT = 3
LET page = 0
LET HOUR_NOW = HOUR(NOW())
trips = FIND "trips.csv"
rows = SELECT train, goes, platform FROM trips WHERE hour >= HOUR_NOW ORDER BY goes
IF UBOUND(rows) = 0 THEN
  TALK "No more trains today."
  END
END IF

LABEL show
from_row = page * LIMIT
part = SLICE(rows, from_row, from_row + LIMIT)
out$ = ""
FOR EACH r IN part
  pad$ = LEFT$(r.train + "..........", 10)
  out$ = out$ + FORMAT(r.goes, "HH:mm") + " " + pad$ + " " + IIF(r.platform = NULL, "?", "platform " + r.platform) + "\n"
NEXT r
TALK out$
IF from_row + LIMIT >= UBOUND(rows) THEN
  TALK "That is all."
  GOTO ask
END IF
HEAR more AS BOOLEAN WITH "More?"
IF more THEN
  page = page + 1
  GOTO show
END IF

LABEL ask
HEAR wanted AS "ticket", "lost", *
SWITCH LCASE(wanted)
  CASE "ticket"
    HEAR n AS INTEGER WITH "How many?" DEFAULT 1
    HEAR age AS INTEGER WITH "The age of the youngest?"
    fare = 12.4
    IF age < 6 THEN
      fare = 0
    ELSEIF age < 16 THEN
      fare = fare / 2
    END IF
    sum = ROUND(12.4 * (n - 1) + fare, 1)
    TALK "That makes " + FORMAT(sum, "$#,##0.00") + " for " + n + (n = 1 ? " person" : " persons") + "."
    SET "session.sum", sum
  CASE "lost"
    BEGIN TALK
      **Lost things** are in room ${page + 4}.

      Ask for "Mr Hale" -- he's there until 18:00.
    END TALK
  CASE ELSE
    TALK "I do not know “" + wanted + "”, ${username}."
END SWITCH
