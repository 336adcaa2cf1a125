' From a large order to the day it is baked.
PARAM number AS STRING LIKE "BAK-1"
PARAM amount AS INTEGER LIKE 20

ORCHESTRATE WORKFLOW "bakery order"

STEP 1: BOT "bakery-desk" "check the order ${number}"
IF amount > 10 THEN
  STEP 2: HUMAN APPROVAL FROM "boss@crumb.example"
    TIMEOUT 1800
    ON TIMEOUT: APPROVE WITH WARNING
ELSE
  STEP 2: BOT "bakery-desk" "accept it"
END IF

STEP 3: PARALLEL
  BRANCH A: BOT "bakery-store" "set rye bread aside"
  BRANCH B: BOT "bakery-mail" "write to the customer"
END PARALLEL

DELAY 60
BOT SHARE MEMORY "order_number" WITH "bakery-store"
SET BOT MEMORY "order_number", number
PUBLISH EVENT "order-ready", { number: number, amount: amount }
TALK "The order ${number} is on its way."
