REM From a large booking to the day it is ticketed.
PARAM number AS STRING LIKE "FER-1"
PARAM amount AS INTEGER LIKE 20

ORCHESTRATE WORKFLOW "ferry booking"

STEP 1: BOT "ferry-desk" "check the booking ${number}"
If amount > 10 Then
  STEP 2: HUMAN APPROVAL FROM "boss@northernferries.example"
    TIMEOUT 1800
    ON TIMEOUT: APPROVE WITH WARNING
ELSE
  STEP 2: BOT "ferry-desk" "accept it"
END IF

STEP 3: PARALLEL
  BRANCH A: BOT "ferry-store" "set day return aside"
  BRANCH B: BOT "ferry-mail" "write to the passenger"
END PARALLEL

DELAY 60
BOT SHARE MEMORY "booking_number" WITH "ferry-store"
SET BOT MEMORY "booking_number", number
PUBLISH EVENT "booking-ready", { number: number, amount: amount }
TALK "The booking ${number} is on its way."
