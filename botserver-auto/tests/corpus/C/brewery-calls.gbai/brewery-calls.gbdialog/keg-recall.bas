# Hopfenau brewery. A batch went sour: find the pubs, write to them, count the kegs.
PARAM batch AS STRING LIKE "L-0417"
PARAM reason AS STRING LIKE "lactic infection" DEFAULT "quality"

written = 0
failed = []
kegs = 0

SUB find_pubs
    pubs = FIND "deliveries" WHERE batch = batch ORDER BY pub
    IF NOT pubs THEN
        TALK "Nobody got batch ${batch}."
        EXIT SUB
    END IF
    kegs = SUM(pubs, "kegs")
END SUB

SUB write_to(pub)
    text = "Dear " + pub.contact + ",

please do not tap the kegs of batch " + batch + " any more.
The reason is: " + reason + ".

" + "We fetch " + pub.kegs + " keg(s) on " + pickup + ".
Hopfenau brewery"
    ON ERROR RESUME NEXT
    SEND MAIL pub.email, "Recall of ${batch}", text
    IF ERROR THEN
        failed.PUSH(pub.pub)
        CLEAR ERROR
    ELSE
        written = written + 1
    END IF
    ON ERROR GOTO 0
END SUB

pickup = FORMAT DATEADD(TODAY(), 2, "days") AS "YYYY-MM-DD"
CALL find_pubs
FOR EACH p IN pubs
    CALL write_to(p)
END FOR

IF kegs = 0 THEN RETURN 0

# The lab and the haulier have their own services.
CALL "/lab/samples/request", batch, "urgent"
tour = CALL "/haulage/tours/plan", { "day": pickup, stops: UBOUND(pubs), kegs: kegs }
IF UBOUND(failed) > 0 THEN
    CREATE TASK "Phone " + JOIN(failed, ", "), "high", "Resi"
END IF

TALK "${written} of ${UBOUND(pubs)} pubs were written to; ${kegs} kegs come back"
TALK "by tour " + (tour.id OR "unknown")
RETURN kegs
