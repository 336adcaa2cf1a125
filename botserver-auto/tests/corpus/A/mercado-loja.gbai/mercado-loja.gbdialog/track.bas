Param code As String Like "O-20300101"
Description "Where is my order"
Let o = Find "orders", "id=" + code
If o = Null Then
   Talk "No such order: " & code
   Return Null
End If
Dim steps
steps = ["new", "paid", "packed", "shipped", "delivered"]
idx = INDEX_OF(steps, o.status)
If idx < 0 Then idx = 0
bar = ""
For i = 0 To 4
   If i <= idx Then
      bar = bar & "●"
   Else
      bar = bar & "○"
   End If
Next
Talk bar & " " & UCase(o.status)
Return o.status
