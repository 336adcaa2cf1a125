SET SCHEDULE "0 0 18 * * 1-5"
DESCRIPTION "Report of sales by category"

data = SELECT c.Title AS category, SUM(i.qty * i.price) AS value, SUM(i.qty) AS pieces FROM order_items i JOIN Products p ON p.Sku = i.sku JOIN Categories c ON c.Id = p.Category GROUP BY c.Title ORDER BY value DESC

total = 0
FOR EACH row IN data
   total = total + row.value
NEXT
FOR EACH row IN data
   share = row.value / total
   TALK row.category + ": " + FORMAT(row.value, "#,##0.00") + " (" + FORMAT(share, "0%") + ", " + row.pieces + " pieces)"
NEXT
csv = CSV(data)
WRITE "reports/sales-" + FORMAT(TODAY(), "yyyy-MM-dd") + ".csv", csv
RETURN total
