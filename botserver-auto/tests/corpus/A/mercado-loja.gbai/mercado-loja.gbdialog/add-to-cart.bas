PARAM sku AS STRING LIKE "MUG-1"
PARAM quantity AS INTEGER LIKE 1
DESCRIPTION "Puts a product into the cart"

product = FIND "Products" WHERE Sku = sku FIRST
IF NOT product THEN RETURN "unknown product"

cart = GET SESSION "cart" OR []
found = FALSE
FOR i = 0 TO UBOUND(cart) - 1
    IF cart[i].sku = sku THEN
        cart[i].qty = cart[i].qty + quantity
        found = TRUE
    END IF
NEXT i
IF NOT found THEN
    cart[UBOUND(cart)] = { sku: sku, name: product.Name, qty: quantity, price: product.Price }
END IF
SET SESSION "cart", cart

sum = 0
FOR EACH item IN cart
    sum = sum + item.qty * item.price
NEXT item
TALK quantity + " x " + product.Name + " added. Cart: " + FORMAT(sum, "$#,##0.00")
RETURN { count: COUNT(cart), total: sum }
