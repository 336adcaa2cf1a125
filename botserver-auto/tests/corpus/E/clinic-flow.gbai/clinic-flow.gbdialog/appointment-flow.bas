REM From a large appointment to the day it is confirmed.
PARAM number AS STRING LIKE "CLI-1"
PARAM amount AS INTEGER LIKE 20

ORCHESTRATE WORKFLOW "clinic appointment"

STEP 1: BOT "clinic-desk" "check the appointment ${number}"
IF amount > 10 THEN
  STEP 2: HUMAN APPROVAL FROM "boss@riverside.example"
    TIMEOUT 1800
    ON TIMEOUT: APPROVE WITH WARNING
ELSE
  STEP 2: BOT "clinic-desk" "accept it"
ENDIF

STEP 3: PARALLEL
  BRANCH A: BOT "clinic-store" "set check-up aside"
  BRANCH B: BOT "clinic-mail" "write to the patient"
END PARALLEL

DELAY 60
BOT SHARE MEMORY "appointment_number" WITH "clinic-store"
SET BOT MEMORY "appointment_number", number
PUBLISH EVENT "appointment-ready", { number: number, amount: amount }
TALK "The appointment ${number} is on its way."
