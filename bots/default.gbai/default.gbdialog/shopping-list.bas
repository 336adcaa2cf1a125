' A dialog that asks several things, again and again.
' Each HEAR waits for an answer, for a minute or for a month: the server may even be restarted meanwhile.

TALK "Let us write a shopping list."

items = []
total = 0

DO
  ' The type of a HEAR decides what is accepted, and which control the page shows.
  ' DEFAULT is what an empty answer stands for.
  HEAR item AS TEXT WITH "What do you need?"
  HEAR count AS INTEGER WITH "How many?" DEFAULT 1
  HEAR price AS MONEY WITH "What does one cost, about?" DEFAULT 0

  APPEND items, { item: item, count: count, price: price }
  total = total + count * price

  HEAR more AS BOOLEAN WITH "Is there more?"
LOOP WHILE more

HEAR day AS DATE WITH "When do you go shopping?" DEFAULT TODAY()

' ${…} puts a value into a text.
list = ""
FOR EACH entry IN items
  list = list + "- ${entry.count} × ${entry.item}\n"
NEXT

BEGIN TALK
**Your list for ${day}**

${list}
About ${FORMAT(total, "0.00")} ${currency} in all.
END TALK
