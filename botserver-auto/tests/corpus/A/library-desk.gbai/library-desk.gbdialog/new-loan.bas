' Takes a loan and keeps it.
' The model calls this tool when a reader has named a book and a day.
PARAM reader_name AS NAME LIKE "Maria Silva" DESCRIPTION "Who the loan is for"
PARAM email AS EMAIL LIKE "maria@example.com" DESCRIPTION "Where the confirmation goes"
PARAM what AS STRING LIKE "novel" ENUM ["novel", "atlas", "sheet music"] DESCRIPTION "What is wanted"
PARAM amount AS INTEGER LIKE 2 DESCRIPTION "How many volumes" DEFAULT 1
PARAM day AS DATE LIKE "2026-05-01" DESCRIPTION "The return date" OPTIONAL

DESCRIPTION "Takes a loan at Harbour Library"

if amount < 1 THEN
    Talk "We need at least one."
    return NULL
end if

if day IS NULL THEN
    day = FORMAT DATEADD(TODAY(), 1, "day") AS "YYYY-MM-DD"
end if

number = "LIB-" + FORMAT(NOW(), "YYYYMMDD") + "-31"

WITH loan
    number = number
    name = reader_name
    email = email
    what = what
    amount = amount
    day = day
    status = "open"
END WITH

SAVE "loans", loan
SET BOT MEMORY "last_loan", number

Talk "Thank you, ${reader_name}. Your loan " + number + " is borrowed."
Talk "We expect you at the reading room on ${day}."
Talk "Loans last four weeks and may be extended twice."
return number
