PARAM order_id AS STRING
PARAM reason AS STRING OPTIONAL DEFAULT "unhappy"
DESCRIPTION "Refunds an order"
TRY
    o = FIND "orders", "id='" + order_id + "'"
    IF o IS NULL THEN THROW "order " + order_id + " does not exist"
    age = DATEDIFF(NOW(), o.created, "day")
    ASSERT age <= 30, "too old"
    response = POST "https://pay.example/refunds", { order: order_id, amount: o.total, reason: reason }
    IF response.status >= 400 THEN
        RAISE "payment service said " + response.status
    END IF
    UPDATE "orders", order_id, { status: "refunded" }
    TALK "Refunded " + FORMAT(o.total, "N2[en]")
    RETURN response.id
CATCH e
    TALK "I could not refund: " + e.message
    RETURN { error: e.message }
END TRY
