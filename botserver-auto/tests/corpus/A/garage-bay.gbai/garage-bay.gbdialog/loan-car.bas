param vehicle_class as "small", "estate", "van"
PARAM pick_up AS DATETIME LIKE "2026-03-10T08:00:00" DESCRIPTION "When the car is needed"
PARAM hours AS NUMBER LIKE 4 DEFAULT 24 DESCRIPTION "For how long"
PARAM options AS OBJECT OPTIONAL DESCRIPTION "childseat, winter, gps: true or false"
PARAM licence AS STRING LIKE "B" DESCRIPTION "Classes of the driving licence, as on the card" REQUIRED
DESCRIPTION "Finds a loan car at Garage Rosenholm while the own car is repaired"

REMEMBER "asked_loan_car", TRUE, "30 days"

IF NOT (licence CONTAINS "B" OR licence CONTAINS "C") THEN
  TALK "We need a licence of class B."
  RETURN { error: "licence" }
END IF

from = pick_up
to = DATEADD(pick_up, hours, "hour")
wanted = []
names = { childseat: "child seat", winter: "winter tyres", gps: "navigation" }
FOR EACH key IN ["childseat", "winter", "gps"]
  IF options[key] = TRUE THEN wanted = wanted + [names[key]]
NEXT

cars = FIND "loan_cars" WHERE class = vehicle_class AND broken <> TRUE ORDER BY price
bookings = FIND "loan_bookings"
best = NULL
FOR EACH car IN cars
  taken = FALSE
  FOR EACH booking IN bookings
    IF booking.car = car.plate AND booking.from < FORMAT(to, "YYYY-MM-DD HH:mm") AND booking.to > FORMAT(from, "YYYY-MM-DD HH:mm") THEN
      taken = TRUE
      EXIT FOR
    END IF
  NEXT booking
  IF NOT taken THEN
    best = car
    EXIT FOR
  END IF
NEXT car

IF best IS NULL THEN
  nearest = FORMAT(DATEADD(pick_up, 1, "day"), "DD/MM/YYYY")
  TALK "No ${vehicle_class} car is free then. Shall I look on ${nearest}?"
  RETURN { error: "none", try: nearest }
END IF

price = hours <= 6 ? best.price / 2 : best.price * CEIL(hours / 24)
text = best.name + " from " + FORMAT(from, "DD/MM/YYYY HH:mm") + " to " + FORMAT(to, "DD/MM/YYYY HH:mm")
IF wanted THEN text = text + " with " + JOIN(wanted, " and ")
TALK "${text}, for ${FORMAT(price, "#,##0.00")}."

token = HASH(best.plate + FORMAT(from, "YYYYMMDDHHmm"))
SAVE "loan_bookings", {
  car: best.plate,
  "from": FORMAT(from, "YYYY-MM-DD HH:mm"),
  "to": FORMAT(to, "YYYY-MM-DD HH:mm"),
  extras: wanted,
}
SET USER MEMORY "loan_car", best.plate
SEND MESSAGE "Bring your licence and ${price > 50 ? "a card" : "cash or a card"}."
RETURN { plate: best.plate, price: price, token: LEN(token) > 8 }
