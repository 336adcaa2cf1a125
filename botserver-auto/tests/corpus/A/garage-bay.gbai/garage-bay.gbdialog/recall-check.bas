REM Asks the maker whether the car has to come back.
REM Two services: the maker's own, and the register when the maker's fails.
PARAM vin AS STRING LIKE "WRX00000000012345" DESCRIPTION "The seventeen characters on the windscreen"
DESCRIPTION "Checks a car for open recalls of its maker"

vin = UCASE(TRIM(vin))
IF LENGTH(vin) <> 17 OR vin CONTAINS "O" OR vin CONTAINS "I" THEN
	TALK "A number has seventeen characters, none of them the letters I or O."
	RETURN { error: "vin", length: LENGTH(vin) }
END IF

open = NEW ARRAY
source = "maker"
cached = CACHE GET "recall_" + vin

IF cached THEN
	open = cached
	source = "cache"
ELSE
	TRY
		answer = GET "https://maker.example/recalls/" + vin
		open = answer.items
	CATCH e
		PRINT "maker: " + e.message
		source = "register"
		answer = GRAPHQL "https://register.example/graphql", "query($v: String!) { recalls(vin: $v) { id title fixed } }", #{ v: vin }
		open = FILTER(answer.data.recalls, "fixed = false")
	END TRY
	CACHE SET "recall_" + vin, open, 24 * 60 * 60
END IF

IF NOT open THEN
	TALK "Nothing is open for " + LEFT(vin, 3) + "..." + RIGHT(vin, 5) + "."
	RETURN { count: 0, source: source }
END IF

titles = []
FOR EACH recall IN open
	TALK "- " + recall.id + ": " + (recall.title OR "no title")
	titles = titles + [recall.id]
NEXT recall

HEAR book AS BOOLEAN WITH "Shall we book a bay for it?" DEFAULT FALSE
IF book THEN
	HEAR day AS DATE WITH "Which day suits you?"
	IF day <= FORMAT(TODAY(), "YYYY-MM-DD") THEN day = FORMAT(DATEADD(TODAY(), 1, "day"), "YYYY-MM-DD")
	RETURN WITH count AS UBOUND(open), source AS source, titles AS JOIN(titles, "+"), day AS day
END IF
RETURN WITH count AS UBOUND(open), source AS source, titles AS JOIN(titles, "+")
