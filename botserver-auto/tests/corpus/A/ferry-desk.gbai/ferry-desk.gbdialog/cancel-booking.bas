PARAM number AS STRING LIKE "FER-20260309-1" DESCRIPTION "The number of the booking"
PARAM reason AS STRING LIKE "changed plans" DESCRIPTION "Why it is cancelled" OPTIONAL

DESCRIPTION "Cancels a booking that was not ticketed yet"

found = FIND "bookings", "number = '" + number + "'"

If NOT found Then
  TALK "I cannot find the booking ${number}."
  TALK "Is the number right? It begins with FER."
  RETURN FALSE
END IF

REM The set of rows reads like its first row.
If found.status = "ticketed" Then
  TALK "It is too late: the booking was ticketed already."
  RETURN FALSE
ELSE IF found.status = "cancelled" Then
  TALK "That booking was cancelled before."
  RETURN TRUE
END IF

why = reason OR "no reason given"
UPDATE "bookings", "number = '" + number + "'", { status: "cancelled", reason: why, changed: NOW() }

TALK "The booking of " + found.name + " is cancelled (" + why + ")."
If found.amount > 5 Then TALK TO "Captain Lund", "A large booking was cancelled: " + number
RETURN TRUE
