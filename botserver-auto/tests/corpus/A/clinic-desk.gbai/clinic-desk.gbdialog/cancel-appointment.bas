PARAM number AS STRING LIKE "CLI-20260309-1" DESCRIPTION "The number of the appointment"
PARAM reason AS STRING LIKE "changed plans" DESCRIPTION "Why it is cancelled" OPTIONAL

DESCRIPTION "Cancels a appointment that was not confirmed yet"

found = FIND "appointments", "number = '" + number + "'"

IF NOT found THEN
  TALK "I cannot find the appointment ${number}."
  TALK "Is the number right? It begins with CLI."
  RETURN FALSE
ENDIF

REM The set of rows reads like its first row.
IF found.status = "confirmed" THEN
  TALK "It is too late: the appointment was confirmed already."
  RETURN FALSE
ELSE IF found.status = "cancelled" THEN
  TALK "That appointment was cancelled before."
  RETURN TRUE
ENDIF

why = reason OR "no reason given"
UPDATE "appointments", "number = '" + number + "'", { status: "cancelled", reason: why, changed: NOW() }

TALK "The appointment of " + found.name + " is cancelled (" + why + ")."
IF found.amount > 5 THEN TALK TO "Nurse Okafor", "A large appointment was cancelled: " + number
RETURN TRUE
