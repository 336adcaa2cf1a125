PARAM number AS STRING LIKE "BAK-20260309-1" DESCRIPTION "The number of the order"
PARAM reason AS STRING LIKE "changed plans" DESCRIPTION "Why it is cancelled" OPTIONAL

DESCRIPTION "Cancels a order that was not baked yet"

found = FIND "orders", "number = '" + number + "'"

IF NOT found THEN
  TALK "I cannot find the order ${number}."
  TALK "Is the number right? It begins with BAK."
  RETURN FALSE
END IF

' The set of rows reads like its first row.
IF found.status = "baked" THEN
  TALK "It is too late: the order was baked already."
  RETURN FALSE
ELSE IF found.status = "cancelled" THEN
  TALK "That order was cancelled before."
  RETURN TRUE
END IF

why = reason OR "no reason given"
UPDATE "orders", "number = '" + number + "'", { status: "cancelled", reason: why, changed: NOW() }

TALK "The order of " + found.name + " is cancelled (" + why + ")."
IF found.amount > 5 THEN TALK TO "Berta", "A large order was cancelled: " + number
RETURN TRUE
