// From a large tour to the day it is scheduled.
PARAM number AS STRING LIKE "MUS-1"
PARAM amount AS INTEGER LIKE 20

ORCHESTRATE WORKFLOW "museum tour"

STEP 1: BOT "museum-desk" "check the tour ${number}"
IF amount > 10 THEN
  STEP 2: HUMAN APPROVAL FROM "boss@clocks.example"
    TIMEOUT 1800
    ON TIMEOUT: APPROVE WITH WARNING
ELSE
  STEP 2: BOT "museum-desk" "accept it"
END IF

STEP 3: PARALLEL
  BRANCH A: BOT "museum-store" "set guided tour aside"
  BRANCH B: BOT "museum-mail" "write to the visitor"
END PARALLEL

DELAY 60
BOT SHARE MEMORY "tour_number" WITH "museum-store"
SET BOT MEMORY "tour_number", number
PUBLISH EVENT "tour-ready", #{ number: number, amount: amount }
TALK "The tour ${number} is on its way."
