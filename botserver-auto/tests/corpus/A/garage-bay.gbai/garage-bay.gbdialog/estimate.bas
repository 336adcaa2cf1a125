' Works out what a repair will cost before anybody lifts the bonnet.
PARAM plate AS STRING LIKE "KT 4711" DESCRIPTION "Number plate, with or without blanks"
PARAM jobs AS ARRAY LIKE "brakes, oil" DESCRIPTION "What is to be done"
PARAM mileage AS INTEGER LIKE 82000 OPTIONAL DESCRIPTION "What the counter shows"
PARAM member AS BOOLEAN DEFAULT FALSE DESCRIPTION "Whether the customer is in the club"
DESCRIPTION "Estimates a repair at Garage Rosenholm"

CONST_RATE = 68.5
catalogue = {
  "oil": { hours: 0.5, parts: { filter: 9.9, oil: 38 } },
  "brakes": { hours: 2, parts: { discs: 120, pads: 54.4 } },
  "exhaust": { hours: 1.25, parts: { silencer: 189 } },
  "clutch": { hours: 6, parts: {} },
}

plate = UCASE(REPLACE(plate, " ", ""))
SET car = FIND "cars", "plate", plate
SET sheet = CREATE OBJECT
SET sheet.plate = plate
SET sheet.owner = car.owner OR "walk-in"
SET sheet.lines = []
SET sheet.sum = 0

FUNCTION parts_of(job)
  money = 0
  FOR EACH key IN ["filter", "oil", "discs", "pads", "silencer"]
    money = money + (job.parts[key] ?? 0)
  END FOR
  RETURN money
END FUNCTION

unknown = ""
FOR EACH name IN jobs
  job = catalogue[TRIM(LCASE(name))]
  IF ISNULL(job) THEN
    unknown = unknown + IIF(unknown = "", "", ", ") + name
    CONTINUE
  ELSEIF ISEMPTY(job.parts) THEN
    TALK "For the ${name} we have to look at the car first."
  END IF
  work = job.hours * CONST_RATE
  material = parts_of(job)
  sheet.lines.PUSH({ what: name, work: work, material: material })
  sheet.sum = sheet.sum + work + material
NEXT name

IF unknown <> "" THEN
  TALK "We do not do: " + unknown
END IF

' A car with many miles gets a check for nothing, a member some money off.
IF mileage IS NOT NULL AND mileage MOD 100000 > 80000 THEN PUSH sheet.lines, { what: "check", work: 0, material: 0 }
off = member ? sheet.sum * 7 / 100 : 0
sheet.sum = ROUND(sheet.sum - off, 2)
sheet.valid = FORMAT DATEADD(TODAY(), "days", 14) AS "DD.MM.YYYY"

table_text = ""
FOR EACH line IN sheet.lines
  table_text = table_text + "${line.what}: ${FORMAT(line.work, "0.00")} + ${FORMAT(line.material, "0.00")}\n"
NEXT
TALK table_text
TALK "Together " + FORMAT(sheet.sum, "#,##0.00") + ", good until " + sheet.valid

id = SAVE "estimates", sheet
RETURN { id: id.id, sum: sheet.sum, lines: LEN(sheet.lines) }
