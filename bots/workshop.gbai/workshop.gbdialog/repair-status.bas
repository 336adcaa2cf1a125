' Reads what book-repair remembered.

PARAM number AS INTEGER LIKE 7 DESCRIPTION "The order number that was given with the booking" OPTIONAL

DESCRIPTION "Tells how a repair is going, by its order number"

IF number IS NULL THEN
  HEAR number AS INTEGER WITH "What is your order number?"
END IF

order = GET BOT MEMORY "order-" + number

IF order = "" THEN
  TALK "I find no order ${number}. Please look at your message again, or call ${phone}."
  RETURN { error: "unknown order" }
END IF

TALK "Order ${order.number}, ${order.service} on ${order.day}: **${order.status}**."
RETURN { number: order.number, service: order.service, day: order.day, status: order.status }
