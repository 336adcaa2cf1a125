' Pulls the price list of the wholesaler, page after page. Token first, then pages,
' then prices are put on our shelves. Nobody dares to touch this one.
SET PAGE MODE "none"
SET HEADER "X-Client" = "lantern"
SET HEADER "Accept" AS "application/json"

login = POST "https://whole.example/token", { user: "lantern", scope: "prices" }
IF NOT login?.access_token THEN
  TALK "The wholesaler does not let us in: " + (login?.error ?? "no reason given")
  EXIT
END IF
SET HEADER "Authorization", "Bearer " + login.access_token

next$ = "https://whole.example/prices?page=1"
pages = 0
changed = []
gone = 0
DO WHILE next$ && pages < 10
  answer = GET next$
  pages = pages + 1
  items = answer?.data?.items ?? []
  k = 0
  DO WHILE k < items.length
    item = items[k]
    IF item.state.trim() == "withdrawn" || item.price <= 0 THEN
      items.splice(k, 1)
      gone = gone + 1
    ELSE
      name$ = item.name.trim()
      if name$.contains("(") then
        name$ = TRIM(EXTRACT_BEFORE(name$, "("))
      end if
      items[k].name = name$
      items[k].price = ROUND(item.price * 1.19, 2)
      items[k].Key = "${UCASE(LEFT(name$, 3))}-${FORMAT(item.id, "0000")}"
      k = k + 1
    END IF
  LOOP
  IF items.length > 0 THEN
    result = MERGE ".Prices" WITH items BY "Key"
    PRINT "page ${pages}: ${result.inserted} new, ${result.updated} changed"
    changed = MERGE changed, items
  END IF
  next$ = answer?.links?.next
  WAIT 0.33
LOOP

CLEAR HEADERS
top = NULL
FOR EACH c IN changed
  IF top = NULL || c.price > top.price THEN top = c
NEXT
TALK "${UBOUND(changed)} prices from ${pages} pages, ${gone} withdrawn."
IF top THEN TALK "Dearest: " + top.name + " (" + top.Key + ") at " + FORMAT top.price AS "#,##0.00"
