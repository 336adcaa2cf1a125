' Check-in at the counter of Garage Rosenholm, before the car goes to a bay.
CLEAR SUGGESTIONS
ADD SUGGESTION "Just the tyres"
ADD SUGGESTION "service" AS "Yearly service"

ON ERROR RESUME NEXT

HEAR plate AS "What is on the number plate?"
plate = REPLACE(UCASE(TRIM(plate)), "-", " ")
visit = { plate: plate, arrived: NOW(), marks: [] }

car = FIND "cars" WHERE plate = plate
IF car IS NULL THEN
  HEAR visit_owner AS NAME WITH "A new car! Who does it belong to?"
  HEAR visit_phone AS PHONE WITH "A telephone number?"
  HEAR built AS INTEGER WITH "Which year was it built?" DEFAULT 2015
  INSERT INTO "cars" VALUES { plate: plate, owner: visit_owner, phone: visit_phone, built: built }
  visit.owner = visit_owner
ELSE
  visit.owner = car.owner
  TALK "Welcome back, " + car.owner + ". Last time: " + (car.last_visit IS NULL ? "long ago" : FORMAT(car.last_visit, "MMM DD, YYYY")) + "."
END IF

TALK "Let us walk around the car. Write done when there is nothing more."
FOR i = 1 TO 9
  HEAR mark AS "done", *
  IF LCASE(mark) = "done" THEN EXIT FOR
  where_it_is = LCASE(EXTRACT_BEFORE(mark + ":", ":"))
  visit.marks[UBOUND(visit.marks)] = { no: i, at: TRIM(where_it_is), note: mark }
NEXT i

HEAR photo AS FILE WITH "A photo of the counter, please."
saved = UPLOAD photo, "visits/" + REPLACE(plate, " ", "") + ".jpg"
IF ERROR THEN
  TALK "The photo could not be kept."
  CLEAR ERROR
ELSE
  visit.photo = saved.url
END IF
ON ERROR GOTO 0

HEAR fetch AS HOUR WITH "When do you fetch it?" DEFAULT "17:00"
visit.fetch = fetch
SAVE "visits", visit
UPDATE "cars" SET last_visit = visit.arrived, visits = (car.visits OR 0) + 1 WHERE plate = plate

n = UBOUND(visit.marks)
TALK "${visit.owner}, ${plate}: " + (n = 0 ? "no marks" : n = 1 ? "one mark" : n + " marks") + ", ready at ${fetch}."
