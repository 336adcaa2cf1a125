PARAM month AS DATE LIKE "2026-03-01" OPTIONAL
PARAM grades AS LIST OPTIONAL
DESCRIPTION "How much paper of each grade was used, is left, and has to be ordered."

start_day = month ?? FORMAT(NOW(), "YYYY-MM-01")
end_day = FORMAT(EOMONTH(start_day), "YYYY-MM-DD")
days_gone = MIN(DATEDIFF("day", start_day, TODAY()) + 1, DAY(end_day))
wanted = grades OR ["matt 90", "silk 135", "card 300"]

table_text = "grade      used   left  days\n"
orders = []
FOR EACH grade IN wanted
    used = AGGREGATE "SUM", "paper_moves", "sheets", "grade = '" + grade + "' AND day >= '" + start_day + "' AND day <= '" + end_day + "'"
    bin = FIND "paper" WHERE grade = grade FIRST
    left = bin.sheets OR 0
    per_day = (used OR 0) / days_gone
    lasts = per_day > 0 ? INT(left / per_day) : 999
    table_text = table_text & LEFT(grade & "           ", 10) & RIGHT("      " & FORMAT(used OR 0, "#,##0"), 7) & RIGHT("      " & FORMAT left AS "#,##0", 7) & RIGHT("     " & lasts, 5) & "\n"
    IF lasts < 10 THEN
        need = CEIL((per_day * 30 - left) / 500) * 500
        orders.PUSH({ "grade": grade, "sheets": need, "reams": need / 500, "by": FORMAT(DATEADD(TODAY(), lasts, "day"), "DD/MM") })
    END IF
NEXT grade

IF UBOUND(orders) > 0 THEN
    token = GET "config", "paper-token"
    SET HEADER "Authorization" = "Token " + token
    TRY
        answer = POST "https://mill.example/orders", #{ ref: "QR-" + FORMAT(NOW(), "YYYYMMDDHHmmss"), lines: orders }
        number = answer.number ?? answer.data.number ?? "none"
        PUT "https://mill.example/orders/${number}/contact", { name: "Ines", days: [1, 3, 5] }
    CATCH e
        number = "none"
        SEND MAIL "ines@quill.example", "The mill does not answer", e.message
    END TRY
    CLEAR HEADERS
    FOR EACH order IN orders DO
        IF number <> "none" THEN UPDATE "paper", "grade = '" + order.grade + "'", { coming: order.sheets, number: number }
    END FOR
    CACHE SET "paper_order", number, 3600
END IF

SEND EMAIL "ines@quill.example", table_text
RETURN { "days": days_gone, "ordered": SUM(orders, "sheets"), first: FIRST(orders).grade, none: LAST([]).grade }
