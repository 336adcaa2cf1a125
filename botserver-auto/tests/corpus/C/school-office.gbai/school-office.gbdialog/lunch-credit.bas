# Tops up the lunch card and answers what is on it
# written by the canteen people, sorry for the style
Param card As String Like "C-77"
Description "Balance, top up or block of a lunch card"
Param wanted As String Enum ["balance", "top up", "block"]

key = "lunch_" + card
saved = CACHE GET key
IF saved THEN
    account = saved
ELSE
    account = GET "https://canteen.birchwood.example/cards/" + card
    CACHE SET key, account, 600
END IF

If account.blocked = TRUE And wanted <> "block" Then
    Talk "This card is blocked since " + account.blocked_on
    Return
End If

Switch wanted
    Case "balance"
        Talk "There is " & FORMAT(account.balance, "#,##0.00") & " on the card."
    Case "top up"
        Hear sum As Money With "How much?" Default 20
        If sum < 5 Then
            Talk "At least 5, please."
            sum = 5
        Else If sum > 100 Then
            sum = 100
            Talk "I take 100, that is the limit."
        End If
        Set account.balance = account.balance + sum
        row = [{ card: card, balance: account.balance }]
        Merge "cards" With row By "card"
        PUT "https://canteen.birchwood.example/cards/" + card, { balance: account.balance }
        Cache Set key, account, 600
        Talk "New balance: " + account.balance
    Case "block"
        Set account.blocked = True
        account.blocked_on = Format(Today(), "DD/MM/YYYY")
        Cache Set key, account
        Print "card blocked: " + card + " by " + user.email
        Talk "Blocked. The office gives you a new one."
    Case Else
        Talk "I can tell the balance, top up or block."
End Switch

meals = account.balance / 4.2
IF meals < 3 THEN TALK "That is for ${INT(meals)} meals only."
RETURN WITH card AS card, balance AS account.balance
