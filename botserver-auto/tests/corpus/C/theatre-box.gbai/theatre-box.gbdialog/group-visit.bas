# The same desk for people without a voucher: tells what a visit costs.
PARAM people AS INTEGER LIKE 14
PARAM with_tour AS BOOLEAN DEFAULT TRUE
PARAM diet AS LIST OPTIONAL

offer = NEW OBJECT
offer.people = people
offer.lines = []

SUB add(what, each, n)
    offer.lines.PUSH({ what: what, sum: each * n })
END SUB

CALL add("seats in the stalls", people >= 12 ? 27.5 : 32.5, people)
IF with_tour THEN CALL add("tour behind the curtain", 4, people)
IF diet IS NOT EMPTY THEN CALL add("meals for " + JOIN(diet, " and "), 9.9, COUNT(diet))

total = SUM(offer.lines, "sum")
kind = people > 40 ? "bus" : people > 11 ? "group" : "party"
    BEGIN TALK
    ### A ${kind} of ${people}

    | what | how much |
    |------|----------|
    END TALK
FOR EACH line IN offer.lines
    TALK "| ${line.what} | ${FORMAT(line.sum, "$#,##0.00")} |"
NEXT line
RETURN { total: total, each: ROUND(total / people, 1) }
