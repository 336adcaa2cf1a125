' Takes a order and keeps it.
' The model calls this tool when a customer has named a cake and a day.
PARAM customer_name AS NAME LIKE "Maria Silva" DESCRIPTION "Who the order is for"
PARAM email AS EMAIL LIKE "maria@example.com" DESCRIPTION "Where the confirmation goes"
PARAM what AS STRING LIKE "rye bread" ENUM ["rye bread", "apple cake", "cheese rolls"] DESCRIPTION "What is wanted"
PARAM amount AS INTEGER LIKE 2 DESCRIPTION "How many pieces" DEFAULT 1
PARAM day AS DATE LIKE "2026-05-01" DESCRIPTION "The pick-up day" OPTIONAL

DESCRIPTION "Takes a order at Crumb and Crust"

IF amount < 1 THEN
    TALK "We need at least one."
    RETURN NULL
END IF

IF day IS NULL THEN
    day = FORMAT DATEADD(TODAY(), 1, "day") AS "YYYY-MM-DD"
END IF

number = "BAK-" + FORMAT(NOW(), "YYYYMMDD") + "-12"

WITH order
    number = number
    name = customer_name
    email = email
    what = what
    amount = amount
    day = day
    status = "open"
END WITH

SAVE "orders", order
SET BOT MEMORY "last_order", number

TALK "Thank you, ${customer_name}. Your order " + number + " is ordered."
TALK "We expect you at the shop in Mill Lane on ${day}."
TALK "Cakes need two days; bread is ready the next morning."
RETURN number
