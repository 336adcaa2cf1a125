PARAM shelf AS STRING LIKE "A" DEFAULT "A"
DESCRIPTION "Orders what runs out on a shelf."
' Which medicines run out, and who brings more. Night shift of the Lantern pharmacy.
SET SCHEDULE "30 1 * * *"

low = FIND "stock" WHERE shelf = shelf AND left < 10 ORDER BY left LIMIT 4
orders = NEW OBJECT
silent = 0

FOR EACH item IN low DO
    maker = FIND "makers" WHERE name = item.maker FIRST
    IF maker IS NULL THEN
        silent = silent + 1
        PRINT "nobody makes ${item.name}"
        CONTINUE
    END IF
    pack = maker.pack OR 20
    want = item.usual - item.left
    ' whole packs only
    boxes = FLOOR(want / pack) + IIF(want MOD pack > 0, 1, 0)
    IF orders[maker.name] IS NULL THEN orders[maker.name] = []
    APPEND orders[maker.name], { what: item.name, boxes: boxes, cold: item.cold ?? false }
END FOR

FOR EACH name IN orders DO
    rows = orders[name]
    cold = FILTER(rows, "cold = true")
    number = "L" + FORMAT NOW() AS "YYMMDD" + "-" + LEFT(UCASE(name), 3)
    INSERT INTO "orders" VALUES {
        "number": number,
        "maker": name,
        "lines": CSV(rows),
        "boxes": SUM(rows, "boxes"),
        "cooled": COUNT(cold) > 0,
        "wanted": FORMAT (NOW() + HOURS(18)) AS "YYYY-MM-DD HH:mm"
    }
    FOR EACH row IN rows
        UPDATE "stock"
           SET coming = row.boxes,
               order_number = number
         WHERE name = row.what
    NEXT row
    text = ""
    n = 0
    WHILE n < UBOUND(rows) DO
        text = text + (n + 1) & ". " & rows[n].what & " x" & rows[n]["boxes"] & "\n"
        n = n + 1
    END WHILE
    SEND EMAIL name + "@makers.example", "Order ${number}", text
END FOR

SET SESSION "last_watch", { shelf: shelf, makers: UBOUND(orders), silent: silent }
seen = GET SESSION "last_watch"
PRINT "shelf ${seen.shelf}: ${seen.makers} makers, ${seen?.silent} silent, ${seen?.nothing?.here ?? "fine"}"
