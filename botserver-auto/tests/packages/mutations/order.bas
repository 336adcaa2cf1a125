' A tool in the first style: parameters, a record, an answer.
PARAM customer_name AS STRING LIKE "Ana Souza" DESCRIPTION "Who orders"
PARAM quantity AS INTEGER LIKE 2 DESCRIPTION "How many"
PARAM product_code AS STRING LIKE "A-1" DESCRIPTION "What is ordered"
DESCRIPTION "Takes an order and tells its number"

IF quantity < 1 THEN
    TALK "At least one must be ordered."
    RETURN NULL
END IF

product = FIND "products", "code=" + product_code
IF NOT product THEN
    TALK "There is no product " + product_code + "."
    RETURN NULL
END IF

total = product.price * quantity
IF total > 1000 THEN
    discount = total * 0.1
ELSE IF total > 500 THEN
    discount = total * 0.05
ELSE
    discount = 0
END IF

WITH order
    id = "ORD-" + FORMAT(NOW(), "YYYYMMDD") + "-" + RANDOM(1000, 9999)
    customer = customer_name
    code = product_code
    amount = quantity
    total = total - discount
    status = "open"
END WITH
SAVE "orders.csv", order

TALK "Thank you, " + customer_name + "!"
TALK "Order " + order.id + ": " + quantity + " x " + product.name
TALK "Total: " + FORMAT(order.total, "#,##0.00")
RETURN order.id
