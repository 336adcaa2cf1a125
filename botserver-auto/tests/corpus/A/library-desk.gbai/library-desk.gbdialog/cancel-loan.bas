PARAM number AS STRING LIKE "LIB-20260309-1" DESCRIPTION "The number of the loan"
PARAM reason AS STRING LIKE "changed plans" DESCRIPTION "Why it is cancelled" OPTIONAL

DESCRIPTION "Cancels a loan that was not shelved yet"

found = FIND "loans", "number = '" + number + "'"

if NOT found THEN
  Talk "I cannot find the loan ${number}."
  Talk "Is the number right? It begins with LIB."
  return FALSE
end if

' The set of rows reads like its first row.
if found.status == "shelved" THEN
  Talk "It is too late: the loan was shelved already."
  return FALSE
ELSEIF found.status == "cancelled" THEN
  Talk "That loan was cancelled before."
  return TRUE
end if

why = reason OR "no reason given"
UPDATE "loans", "number = '" + number + "'", #{ status: "cancelled", reason: why, changed: NOW() }

Talk "The loan of " + found.name + " is cancelled (" + why + ")."
if found.amount > 5 THEN TALK TO "Ines", "A large loan was cancelled: " + number
return TRUE
