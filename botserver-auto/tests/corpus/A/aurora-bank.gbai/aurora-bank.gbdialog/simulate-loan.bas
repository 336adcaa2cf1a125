REM ============================================
REM  SIMULATE LOAN   (Price table)
REM ============================================
PARAM amount AS MONEY LIKE 10000
PARAM installments AS INTEGER LIKE 24
DESCRIPTION "Simulates a loan and shows the monthly payment"

rate = 0.0199
IF installments > 36 THEN
  rate = 0.0249
ENDIF

factor = (1 + rate) ^ installments
payment = amount * (rate * factor) / (factor - 1)
payment = ROUND(payment, 2)

WITH simulation
    amount = amount
    installments = installments
    rate = rate
    payment = payment
    total = ROUND(payment * installments, 2)
END WITH

TALK "**Simulation**"
TALK "Amount: " + FORMAT(amount, "$ #,##0.00")
TALK installments & " x " & FORMAT(payment, "$ #,##0.00")
TALK "Total: " + FORMAT(simulation.total, "$ #,##0.00") + " (" + FORMAT(rate, "0.00%") + " a month)"
SAVE "simulations", simulation
RETURN simulation
