' A tool with three parameters, one of which may be left out.

PARAM total AS MONEY LIKE 86.50 DESCRIPTION "The amount of the bill"
PARAM people AS INTEGER LIKE 4 DESCRIPTION "How many people share it"
PARAM tip AS INTEGER LIKE 10 DESCRIPTION "Tip in percent" OPTIONAL

DESCRIPTION "Splits a bill between people, with a tip if wanted"

IF total IS NULL THEN
  HEAR total AS MONEY WITH "What does the bill come to?"
END IF
IF people IS NULL THEN
  HEAR people AS INTEGER WITH "How many of you are there?"
END IF
IF tip IS NULL THEN
  HEAR tip AS INTEGER WITH "How many percent of tip?" DEFAULT 0
END IF

IF people < 1 THEN
  TALK "A bill needs somebody to pay it."
  RETURN { error: "people must be 1 or more" }
END IF

each = total * (1 + tip / 100) / people

TALK "That is ${FORMAT(each, "0.00")} ${currency} for each of ${people}."
RETURN { each: ROUND(each, 2) }
