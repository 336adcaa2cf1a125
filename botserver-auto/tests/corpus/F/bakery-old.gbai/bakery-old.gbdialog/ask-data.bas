REM An older script: labels, lists with a size, classic names.
DIM names$(3)
names$(0) = "rye bread"
names$(1) = "apple cake"
names$(2) = "cheese rolls"

sales = FIND "sales"
data = SELECT what, SUM(amount) AS n FROM sales
   WHERE year = 2026
   GROUP BY what
   ORDER BY n DESC

start:
HEAR question$ AS TEXT WITH "Ask about the numbers, or say stop."
q$ = UCASE$(TRIM$(question$))
IF q$ = "STOP" THEN GOTO finish
IF LEFT$(q$, 3) = "HOW" THEN
  TALK "In all " + SUM(data, "n") + "."
  GOTO start
END IF
IF q$ = "BEST" THEN
  best = FIRST(data)
  TALK best.what + " with " + best.n
  GOSUB lines
  GOTO start
END IF
x = 0
FOR i = 0 TO 2
  IF q$ = UCASE(names$(i)) THEN
    x = i + 1
  END IF
NEXT i
IF x > 0 THEN TALK "Number " + x + " of our list: " + names$(x - 1) ELSE TALK "I know how many, best and names."
GOTO start

lines:
TALK "----------"
RETURN

finish:
TALK "Good bye."
