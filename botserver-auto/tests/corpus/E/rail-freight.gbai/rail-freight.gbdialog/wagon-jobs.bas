PARAM job AS STRING LIKE "assign"
DESCRIPTION "Jobs of the yard."
' Wagons, weights and trains of Low Moor Freight
' The job "setup" is run once by hand, it registers the others

max_weight = 1200
IF job = "setup" THEN
    SET SCHEDULE "0 4 * * *" "wagon-jobs.bas" "assign"
    SET SCHEDULE "0 5 * * 0", "wagon-jobs.bas"
    review = DATEADD(TODAY(), 1, "month")
    SET SCHEDULE "0 8 " + DAY(review) + " " + MONTH(review) + " *", "wagon-jobs.bas"
    RETURN "registered"
END IF

IF job = "assign" THEN
    waiting = FIND "wagons", "train = '' AND yard = 'Low Moor'"
    trains = []
    current = { number: 1, weight: 0, wagons: [] }
    FOR EACH wagon IN waiting DO
        total = wagon.tare + wagon.load
        IF current.weight + total > max_weight AND current.weight > 0 THEN
            trains.PUSH(current)
            current = { number: current.number + 1, weight: 0, wagons: [] }
        END IF
        current.weight = current.weight + total
        current.wagons = current.wagons + [wagon.id]
    END FOR
    IF UBOUND(current.wagons) > 0 THEN
        APPEND trains, current
    END IF

    depart = DATEADD(NOW(), 95, "minutes")
    FOR EACH train IN trains DO
        train.name = "LM" + FORMAT train.number AS "000"
        train.leaves = FORMAT depart AS "HH:mm"
        FOR EACH id IN train.wagons
            UPDATE "wagons", "id = ${id}", { train: train.name }
        NEXT
        CREATE_TASK train.name + " at " + train.leaves + ", " + train.weight + " t", "normal", "yardmaster"
        depart = depart + 45 * 60
        trains[train.number - 1] = train
    END FOR
    SAVE_FROM_UNSTRUCTURED "plans", FORMAT trains AS JSON
    RETURN UBOUND(trains)
END IF

heavy = 0
all_wagons = FIND "wagons"
k = 0
DO WHILE k < UBOUND(all_wagons)
    w = all_wagons[k]
    k = k + 1
    IF w.load = 0 THEN CONTINUE
    IF w.load / w.tare > 3 THEN heavy = heavy + 1
LOOP
PRINT "${heavy} of ${UBOUND(all_wagons)} wagons are heavy (${FORMAT(heavy / UBOUND(all_wagons), "0%")})"
