' FUEL CARDS: odd sums are looked at once a day, drivers are asked one by one
SET SCHEDULE "0 6 * * 1-5"

since = FORMAT(NOW() - HOURS(24), "YYYY-MM-DD HH:mm:ss")
bills = FIND "fuel" WHERE at >= since AND checked = FALSE ORDER BY litres DESC
per_card = {}
asked = 0

FOR EACH bill IN bills
  seen = per_card[bill.card] ?? 0
  per_card[bill.card] = seen + bill.litres
  price = bill.sum / bill.litres
  odd = ""
  IF price NOT BETWEEN 1.2 AND 2.4 THEN odd = "price " + FORMAT(price, "0.000")
  IF bill.litres > 90 OR seen > 0 AND per_card[bill.card] > 120 THEN odd = (odd = "" ? "" : odd + ", ") + "much fuel"
  IF HOUR(bill.at) NOT IN [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18] THEN
    odd = TRIM(odd + " at night")
  END IF
  IF odd = "" THEN
    UPDATE "fuel", bill.id, "checked=true"
  ELSE
    driver = FIND "drivers", "card = ${bill.card}"
    who = driver.name ?? "card " + bill.card
    TALK "${who}: ${bill.litres} l, ${odd}"
    SAVE "odd_bills" WITH bill AS bill.id, driver AS who, why AS odd
    asked = asked + 1
  END IF
END FOR

IF asked > 0 THEN
  HEAR reason AS MENU "all fine", "talk to them", "block the cards" WITH "What about these ${asked}?"
  IF reason = "block the cards" THEN
    FOR EACH row IN (FIND "odd_bills") DO
      blocked = POST "https://cards.example/block", { bill: row.bill }
      IF NOT blocked THEN CREATE TASK "Block by hand", "bill " & row.bill, "office", DATEADD(TODAY(), 1, "day")
    NEXT row
  ELSE IF reason LIKE "talk*" THEN
    SEND TEMPLATE "fuel_talk", "email", "fleet@rosenholm.example", { count: asked, since: since }
  END IF
END IF
PRINT TOJSON(per_card)
