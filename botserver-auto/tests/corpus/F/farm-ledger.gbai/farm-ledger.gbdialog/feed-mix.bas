REM FEED MIX - what goes into the trough. First written for the office computer in 1998.
DIM share(3, 2)
share(0, 0) = "barley"
share(0, 1) = 55
share(1, 0) = "peas"
share(1, 1) = 30
share(2, 0) = "minerals"
share(2, 1) = 15
animals = { cow: 22, calf: 6, goat: 2.5 }

SUB weigh(kind, heads)
  kilos = animals[kind] * heads
  FOR i = 0 TO 2
    part = kilos * share(i, 1) / 100
    IF part - INT(part) >= 0.5 THEN part = INT(part) + 1 ELSE part = INT(part)
    bags[share(i, 0)] = (bags[share(i, 0)] OR 0) + part
  NEXT i
END SUB

FUNCTION plural$(n, word$)
  IF n = 1 THEN RETURN "1 " + word$
  IF word$ = "calf" THEN word$ = "calve"
  RETURN n + " " + word$ + "s"
END FUNCTION

bags = {}
herd = []
WHILE UBOUND(herd) < 3 DO
  HEAR kind AS MENU "cow", "calf", "goat", "done"
  if kind = "done" { BREAK }
  HEAR heads AS INTEGER WITH "How many?"
  IF heads <= 0 OR heads > 500 THEN
    TALK "Between 1 and 500, please."
    CONTINUE
  END IF
  herd[UBOUND(herd)] = plural$(heads, kind)
  weigh(kind, heads)
END WHILE

IF ISEMPTY(herd) THEN
  TALK "Nothing to feed."
  RETURN
END IF
BEGIN TALK
**Feed for ${JOIN(herd, ", ")}**

barley: ${bags.barley} kg
peas: ${bags.peas} kg
minerals: ${bags.minerals} kg
' weighed on ${FORMAT(TODAY(), "DD.MM.YYYY")}
END TALK
HEAR ok AS BOOLEAN WITH "Order that?"
IF ok THEN
  total = bags.barley + bags.peas + bags.minerals
  day = FORMAT DATEADD(TODAY(), "day", 2) AS "YYYY-MM-DD"
  SAVE "feed.csv", day, bags.barley, bags.peas, bags.minerals, total
  TALK "Comes on " & day & ", " & FORMAT total AS "#,##0" & " kg on " & CEIL(total / 40) & " pallets."
END IF
