' Books a repair. A model may give the arguments; whatever is missing is asked for.

PARAM service AS STRING LIKE "Puncture" DESCRIPTION "The repair, as the price list names it" OPTIONAL
PARAM day AS DATE LIKE "2030-05-14" DESCRIPTION "The day on which the bicycle is brought" OPTIONAL
PARAM name AS NAME LIKE "Ana Sousa" DESCRIPTION "The name of the customer" OPTIONAL
PARAM mobile AS PHONE LIKE "+351 912 345 678" DESCRIPTION "The number that we call when it is ready" OPTIONAL

DESCRIPTION "Books a repair of a bicycle: what, when, and for whom"

services = CALL "prices.bas"
chosen = find_service(service)

IF chosen IS NULL THEN
  HEAR service AS MENU "Puncture", "Brakes", "Gears", "Wheel truing", "Full service" WITH "What shall we repair?"
  chosen = find_service(service)
END IF
IF chosen IS NULL THEN
  TALK "Then please call us at ${phone}, and we will find out together."
  RETURN { error: "no service was chosen" }
END IF

' Asks until a day fits: not in the past, not a Sunday, and with a place left.
taken = 0
free = FALSE
DO WHILE NOT free
  IF day IS NULL THEN
    HEAR day AS DATE WITH "Which day will you bring it?"
  END IF
  IF day IS NULL THEN
    TALK "Call us at ${phone} when you know the day."
    RETURN { error: "no day was chosen" }
  END IF

  taken = VAL(GET BOT MEMORY "bookings-" + day)
  IF DATEDIFF("days", TODAY(), day) < 0 THEN
    TALK "That day is over."
    day = NULL
  ELSEIF WEEKDAY(day) = 1 THEN
    TALK "We are closed on Sundays."
    day = NULL
  ELSEIF taken >= places THEN
    TALK "We are full on ${day}."
    day = NULL
  ELSE
    free = TRUE
  END IF
LOOP

IF name IS NULL THEN
  HEAR name AS NAME WITH "What is your name?"
END IF
IF mobile IS NULL THEN
  HEAR mobile AS MOBILE WITH "Which number shall we call when it is ready?"
END IF

HEAR agreed AS BOOLEAN WITH "${chosen.name} for ${FORMAT(chosen.price, "0.00")} € on ${day}: shall I book it?"
IF NOT agreed THEN
  TALK "Nothing was booked."
  RETURN { booked: FALSE }
END IF

' The bot's memory is shared by all conversations: here it is the order book.
' A number by chance tells nobody how many orders there are, and cannot be guessed.
number = RANDOM(100000, 999999)
DO WHILE GET BOT MEMORY "order-" + number <> ""
  number = RANDOM(100000, 999999)
LOOP

order = {
  number: number,
  service: chosen.name,
  price: chosen.price,
  day: day,
  name: name,
  mobile: mobile,
  status: "booked"
}
SET BOT MEMORY "order-" + number, order
SET BOT MEMORY "bookings-" + day, taken + 1

TALK "Thank you, ${name}. Your order number is **${number}**. See you on ${day}, best before 10:00."
RETURN order

FUNCTION find_service(wanted)
  IF wanted IS NULL THEN
    RETURN NULL
  END IF
  FOR EACH entry IN services
    IF LCASE(entry.name) = LCASE(wanted) THEN
      RETURN entry
    END IF
  NEXT
  RETURN NULL
END FUNCTION
