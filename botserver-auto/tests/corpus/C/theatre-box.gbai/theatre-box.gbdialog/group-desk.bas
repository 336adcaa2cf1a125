# Lantern Theatre: start of the desk for groups. Offers what a group can do here
# and, if somebody comes from a campaign, goes straight to the voucher.
# (the two services behind it belong to the ticket company)

prices = { stalls: 32.5, "gallery": 18 }
max_discount = GET "config", "max-discount" OR 15

BEGIN SYSTEM PROMPT
You help groups of ten and more at the Lantern Theatre.
The house has ${FORMAT(3 * 412, "#,##0")} seats. Prices of today:
${TOYAML(prices)}
Never give away more than ${max_discount}%.
END SYSTEM PROMPT

ADD TOOL "refund-seat"
USE KB "plays.gbkb"
CLEAR SUGGESTIONS
ADD SUGGESTION "group" AS "Book for a group"
ADD SUGGESTION "tour" AS "See the house"
ADD SUGGESTION "Call me back", "action:callback"

via = GET "session.channel" OR "web"
came = user.message STARTS WITH "VOUCHER " ? TRIM(REPLACE(user.message, "VOUCHER", "")) : ""

IF came = "" THEN
    BEGIN TALK
    ## Good evening, ${username}

    You write to us by **${via}**.
    A group of twelve pays ${FORMAT(12 * prices.stalls * (1 - max_discount / 100), "$#,##0.00")}.
    END TALK
    SET CONTEXT "groups" AS "Groups book fourteen days ahead; buses park in Mill Lane."
    EXIT
END IF

ON ERROR GOTO later
voucher = CALL "/tickets/vouchers/look-up", came
IF voucher.left <= 0 THEN THROW "it is used up"
IF voucher.ends < FORMAT(NOW(), "YYYY-MM-DD") THEN THROW "it ended on ${voucher.ends}"
SET "session.voucher", came
TALK "Your voucher is good for ${voucher.left} more seat${voucher.left = 1 ? "" : "s"}."
CALL "refund-seat.bas"
EXIT

LABEL later
TALK "The voucher ${came} cannot be used: " + ERROR MESSAGE
SET "session.needs_human", TRUE
