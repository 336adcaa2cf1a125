SET SCHEDULE "0 3 * * *"

bills = FIND "cards", "bill > 0"
late = 0
FOR EACH card IN bills
    IF DAY(TODAY()) > card.due_day AND card.status <> "blocked" THEN
        fee = ROUND(card.bill * 0.02, 2)
        UPDATE "cards" SET bill = bill + fee WHERE number = card.number
        late = late + 1
    END IF
END FOR
PRINT "late cards: " + late
RETURN late
