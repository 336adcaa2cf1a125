PARAM sheet AS STRING LIKE "SH-77"   ' number of the sheet
PARAM kind AS "book", "poster", "label"
PARAM copies AS NUMBER LIKE 500
DESCRIPTION "From the proof to the press, with approvals according to size."

ORCHESTRATE WORKFLOW "plates"
SET BOT MEMORY "sheet_" + sheet, { kind: kind, copies: copies }

SWITCH kind
    CASE "book"
        folds = CEIL(copies / 100)
        STEP 1: BOT "press-fold" "plan ${folds} folds for ${sheet}"
    CASE "poster", "banner"
        STEP 1: BOT "press-wide" "reserve the wide press for ${sheet}"
    DEFAULT
        STEP 1: BOT "press-small" "put ${sheet} on the small press"
END SWITCH

IF copies > 2000 THEN
    STEP 2: HUMAN APPROVAL FROM "ines@quill.example"
        TIMEOUT 7200
        ON TIMEOUT: REJECT
ELSE IF copies > 300 AND kind <> "label" THEN
    STEP 2: HUMAN APPROVAL FROM "foreman@quill.example"
        TIMEOUT 900
        ON TIMEOUT: APPROVE
ELSE
    STEP 2: BOT "press-desk" "wave it through"
END IF

WAIT FOR EVENT "plates-dry" TIMEOUT 600
answer = DELEGATE "Are the plates of ${sheet} dry?" TO BOT "press-plates" TIMEOUT 30

IF LOWER(answer) CONTAINS "no" THEN
    DELAY 1800
    PUBLISH EVENT "plates-late", { sheet: sheet, by: 1800 }
END IF

STEP 3: PARALLEL
    BRANCH A: BOT "press-store" "fetch paper for ${FORMAT(copies * 1.05, "#,##0")} sheets"
    BRANCH B: BOT "press-ink" "mix ink"
    BRANCH C: BOT "press-mail" "tell the customer of ${sheet}"
END PARALLEL

BOT SHARE MEMORY "sheet_" + sheet WITH "press-store"
PUBLISH EVENT "sheet-ready"
RETURN WITH sheet AS sheet, said AS answer, waste AS copies * 0.05
