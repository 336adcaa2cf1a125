' From a large loan to the day it is shelved.
PARAM number AS STRING LIKE "LIB-1"
PARAM amount AS INTEGER LIKE 20

ORCHESTRATE WORKFLOW "library loan"

STEP 1: BOT "library-desk" "check the loan ${number}"
if amount > 10 THEN
  STEP 2: HUMAN APPROVAL FROM "boss@harbourlibrary.example"
    TIMEOUT 1800
    ON TIMEOUT: APPROVE WITH WARNING
ELSE
  STEP 2: BOT "library-desk" "accept it"
end if

STEP 3: PARALLEL
  BRANCH A: BOT "library-store" "set novel aside"
  BRANCH B: BOT "library-mail" "write to the reader"
END PARALLEL

DELAY 60
BOT SHARE MEMORY "loan_number" WITH "library-store"
SET BOT MEMORY "loan_number", number
PUBLISH EVENT "loan-ready", #{ number: number, amount: amount }
Talk "The loan ${number} is on its way."
