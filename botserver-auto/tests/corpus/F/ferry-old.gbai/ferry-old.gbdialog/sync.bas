REM Copies bookings from the old system, page by page.
SET PAGE MODE "none"
page = 1
total = 0
url = "https://old.northernferries.example/api/bookings?limit=2&page="

DO WHILE page > 0
  list = GET url + page
  items = list?.data
  k = 0
  DO WHILE items && k < items.length
    item = items[k]
    row = NEW OBJECT
    row.Id = item.id
    row.Name = item.name.trim()
    row.Size = item?.room?.width OR 0
    row.Note = "${item.note}"
    IF item.tags && item.tags.length > 0 THEN
      row.Tags = JOIN(item.tags, ",")
    END IF
    IF row.Name.length = 0 THEN
      items.splice(k, 1)
    ELSE
      MERGE ".Bookings" WITH [row] BY "Id"
      total = total + 1
      k = k + 1
    END IF
  LOOP
  IF NOT items OR items.length < 2 THEN
    page = 0
  ELSE
    page = page + 1
  END IF
  WAIT 0.33
LOOP
TALK "Copied " + total + " bookings."
