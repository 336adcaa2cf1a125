' Payroll, run by hand or by schedule "0 6 28 * *"
PARAM job_name AS STRING OPTIONAL
LET month_name = FORMAT(TODAY(), "MMMM yyyy")
LET rows = FIND "employees"
LET out = CREATE OBJECT
SET out.month = month_name
SET out.total = 0
SET out.items = NEW ARRAY
FOR EACH e IN rows DO
    inss = e.salary * 0.11
    SELECT CASE e.salary
        CASE IS < 2000
            tax = 0
        CASE 2000 TO 4000
            tax = e.salary * 0.075 - 142.8
        CASE ELSE
            tax = e.salary * 0.15 - 354.8
    END SELECT
    net = ROUND(e.salary - inss - tax, 2)
    APPEND out.items, { name: e.name, net: net }
    SET out.total = out.total + net
END FOR
SAVE_FROM_UNSTRUCTURED "payrolls", FORMAT out AS JSON
TALK "Payroll of ${out.month}: ${FORMAT(out.total, "#,##0.00")} for ${UBOUND(out.items)} people"
RETURN out
