' Works out quotes that came in over the day and mails them. Quill & Roller, printers.
' (c) nobody, 2024, changed by Ines

SET SCHEDULE every day at 17:30

FUNCTION unit_price(copies, colours)
    SELECT CASE copies
        CASE IS > 5000
            p = 0.04
        CASE 1001 TO 5000
            p = 0.06
        CASE 251 TO 1000
            p = 0.09
        CASE ELSE
            p = 0.15
    END SELECT
    RETURN p + (colours - 1) * 0.012
END FUNCTION

SUB note_down(what, about)
    IF what = "" THEN EXIT SUB
    journal[UBOUND(journal)] = { at: FORMAT(NOW(), "HH:mm"), what: what, about: about ?? "-" }
END SUB

journal = []
asked = FIND "requests" WHERE state = "new"

FOR EACH request IN asked DO
    IF request.copies IS NULL OR request.copies < 1 THEN
        CALL note_down("no number of copies", request.customer)
        CONTINUE
    END IF

    colours = request.colours OR 1
    each_one = unit_price(request.copies, colours)
    net = each_one * request.copies
    rebate = 0
    IF request.customer STARTS WITH "School" AND net > 50 THEN
        rebate = 10
    ELSE IF request.customer IN ("Bell Books", "Tern & Co") THEN
        rebate = 5
    END IF
    net = ROUND(net * (100 - rebate) / 100, 2)
    gross = ROUND(net * 1.21, 2)

    quote = {
        "customer": request.customer,
        "net": net,
        "gross": gross,
        "valid": FORMAT(DATEADD("day", 30, TODAY()), "DD/MM/YYYY"),
        text: FORMAT request.copies AS "#,##0" + " x " + request.what,
    }
    SAVE "quotes", quote
    SEND MAIL request.mail, "Your quote ${quote.text}", "Dear ${request.customer},

we print ${quote.text} for EUR ${FORMAT(gross, "#,##0.00")} (net ${FORMAT(net, "#,##0.00")}${rebate > 0 ? ", " + rebate + "% off" : ""}).
This holds until ${quote.valid}.

Quill & Roller"
    UPDATE "requests" SET state = "quoted", quoted_at = FORMAT(TODAY(), "YYYYMMDD")
        WHERE number = request.number
    CALL note_down("quoted", request.customer)
END FOR
CALL note_down("", "never seen")

PRINT TOJSON(journal)
