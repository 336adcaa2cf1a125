# Recalled batches, from the office's GraphQL service.
# customer names are never sent there!
q = "query Recalls($since: Date!) { recalls(since: $since) { batch product grade } }"
since = FORMAT DATEADD(TODAY(), -7, "days"), "YYYY-MM-DD"
reply = GRAPHQL "https://office.example/graphql", q, { since: since }
recalls = reply.data.data.recalls

if recalls.length == 0 {
  PRINT "nothing was recalled since " + since
  RETURN 0
}

hits = 0
FOR EACH recall IN recalls
  sold = FIND "sales", "batch = '" + recall.batch + "'"
  IF sold IS EMPTY THEN
    CONTINUE
  END IF
  // the grade says how to tell them
  SELECT recall.grade
    CASE 1
      urgent = true
      text$ = "Stop taking ${recall.product} at once and call us."
    CASE 2, 3
      urgent = false
      text$ = "Please bring ${recall.product} back."
    CASE ELSE
      text$ = ""
  END SELECT
  IF text$ = "" THEN CONTINUE
  FOR EACH sale IN sold
    who = FIND "people", "id", sale.person
    IF who.mail IS NOT NULL THEN
      SEND TEMPLATE who.mail, "recall", { name: who.name, text: text$, batch: recall.batch }
      hits = hits + 1
    ELSE IF who.phone THEN
      IF urgent THEN TALK TO who.phone, text$ ELSE PRINT who.name + " gets a letter"
      hits = hits + 1
    END IF
  NEXT sale
  UPDATE "shelves", "batch = " + recall.batch, { closed: true, closed_at: NOW() }
NEXT recall
INSERT INTO "recall_log.csv", since, hits
RETURN hits
