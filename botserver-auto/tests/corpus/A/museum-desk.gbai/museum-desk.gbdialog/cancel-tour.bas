PARAM number AS STRING LIKE "MUS-20260309-1" DESCRIPTION "The number of the tour"
PARAM reason AS STRING LIKE "changed plans" DESCRIPTION "Why it is cancelled" OPTIONAL

DESCRIPTION "Cancels a tour that was not scheduled yet"

found = FIND "tours", "number = '" + number + "'"

IF NOT found THEN
  TALK "I cannot find the tour ${number}."
  TALK "Is the number right? It begins with MUS."
  RETURN FALSE
END IF

// The set of rows reads like its first row.
IF found.status = "scheduled" THEN
  TALK "It is too late: the tour was scheduled already."
  RETURN FALSE
ELSEIF found.status = "cancelled" THEN
  TALK "That tour was cancelled before."
  RETURN TRUE
END IF

why = reason OR "no reason given"
UPDATE "tours", "number = '" + number + "'", #{ status: "cancelled", reason: why, changed: NOW() }

TALK "The tour of " + found.name + " is cancelled (" + why + ")."
IF found.amount > 5 THEN TALK TO "Mr Adeyemi", "A large tour was cancelled: " + number
RETURN TRUE
