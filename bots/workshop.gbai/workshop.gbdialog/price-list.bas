DESCRIPTION "Shows what repairs cost and how long they take"

services = CALL "prices.bas"

rows = ""
FOR EACH service IN services
  rows = rows + "| ${service.name} | ${FORMAT(service.price, "0.00")} € | ${service.minutes} min |\n"
NEXT

BEGIN TALK
| Repair | Price | Time |
|---|---|---|
${rows}
Parts are extra. We call you before anything costs more.
END TALK

RETURN services
