# Ostermole marina: gives a boat the smallest berth that it fits in.
PARAM boat AS STRING LIKE "Zilverreiger" DESCRIPTION "Name of the boat"
PARAM length_m AS NUMBER LIKE 11.4 DESCRIPTION "Length over all in metres"
PARAM draught AS NUMBER DEFAULT 1.5
PARAM nights AS INTEGER LIKE 2
DESCRIPTION "Assigns a berth to a visiting boat"

free = QUERY "SELECT id, pier, max_length, depth FROM berths WHERE taken_by IS NULL ORDER BY max_length"

# A boat needs half a metre of rope at each end and 30 cm below the keel.
need = length_m + 2 * 0.5
water = draught + 0.3

chosen = NULL
FOR EACH berth IN free
    IF berth.max_length < need THEN CONTINUE
    IF berth.depth < water THEN
        skipped = (skipped OR 0) + 1
        CONTINUE
    END IF
    chosen = berth
    EXIT FOR
NEXT berth

IF chosen IS NULL THEN
    TALK "No berth for ${boat} tonight (" + (skipped OR 0) + " were too shallow)."
    RETURN -1
END IF

SELECT CASE length_m
    CASE IS < 8
        rate = 14
    CASE 8 TO 12
        rate = 22.5
    CASE ELSE
        rate = 31
END SELECT

price = rate * nights
IF nights >= 7 THEN price = price * 0.9 ELSE price = price + 3

leaves = DATEADD(TODAY(), nights, "day")
booking = CALL "/harbour/stays/create", {
    boat: boat,
    "berth": chosen.pier & chosen.id,
    until: FORMAT leaves AS "yyyy-MM-dd",
    price: price,
}

BEGIN TALK
**Welcome, ${boat}!**

Your berth is ${chosen.pier}-${chosen.id} until ${FORMAT(leaves, "DD/MM/YYYY")}.
To pay: ${FORMAT(price, "#,##0.00")} (harbour master's note: ' is not a comment here)
END TALK

RETURN booking?.number ?? "unnumbered"
