SET SCHEDULE "0 0 9 * * 2,4"
REM unpaid invoices: first a friendly word, then a fee, then the lawyer

fees = [0, 5, 15]
words = ARRAY("a friendly reminder", "a second reminder", "the last reminder")
sum_open = 0
lawyer = ""

invoices = FIND "invoices" WHERE paid = FALSE ORDER BY due
FOR EACH invoice IN invoices
  late = DATEDIFF(invoice.due, TODAY(), "day")
  if (late <= 3) then
    continue
  end if
  level = 0
  If late > 30 Then
    level = 2
  ElseIf late > 14 Then
    level = 1
  EndIf
  sum_open = sum_open + invoice.amount + fees[level]

  IF invoice.level IS NOT NULL AND invoice.level >= level THEN
    ' already told so
  ELSE
    claim = invoice.amount + fees[level]
    body = "Dear " + invoice.name + ",\n\n" +
      "this is " + words[level] + ": invoice " + invoice.number +
      " over EUR " + FORMAT invoice.amount AS "#,##0.00" +
      " was due on " + FORMAT invoice.due AS "DD/MM/YYYY" + ".\n"
    IF fees[level] > 0 THEN body = body + "With our fee it is EUR " + FORMAT claim AS "#,##0.00" + ".\n"
    SEND MAIL invoice.mail, CAPITALIZE(words[level]), body
    UPDATE "invoices" WITH level AS level, told AS FORMAT(NOW(), "YYYY-MM-DD HH:mm") WHERE number = invoice.number
  END IF
  IF level = 2 AND invoice.amount >= 100 THEN lawyer = lawyer + (lawyer = "" ? "" : ", ") + invoice.number
NEXT invoice

IF NOT ISEMPTY(lawyer) THEN
  when = DATEADD(TODAY(), 7, "days")
  CREATE TASK "Lawyer: " + lawyer, "Unpaid for more than a month", "ines", FORMAT when AS "YYYY-MM-DD", "urgent"
END IF
PUBLISH EVENT "dunning", { open: ROUND(sum_open, 2), asked: UBOUND(invoices), "for lawyer": lawyer }
