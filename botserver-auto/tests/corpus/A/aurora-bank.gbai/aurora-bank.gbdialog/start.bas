' Bank Aurora - entry
ADD TOOL "balance"
ADD TOOL "block-card"
ADD TOOL "simulate-loan"
USE TOOL "pix"

CLEAR SUGGESTIONS
ADD SUGGESTION "balance" AS "Ver saldo"
ADD SUGGESTION "block" AS "Bloquear cartão"
ADD SUGGESTION "loan" AS "Simular empréstimo"

hour = HOUR(NOW())
IF hour < 12 THEN
    hello = "Bom dia"
ELSEIF hour < 18 THEN
    hello = "Boa tarde"
ELSE
    hello = "Boa noite"
END IF

SET CONTEXT "balance" AS "You help the customer understand balances. Answer in Portuguese."
BEGIN TALK
${hello}! Eu sou a Aurora, sua assistente.

Posso ajudar com:
- saldo e extrato
- cartões
- empréstimos
END TALK

BEGIN SYSTEM PROMPT
You are Aurora, the assistant of a bank. Today is ${FORMAT(TODAY(), "dd/MM/yyyy")}.
Never tell a full card number.
END SYSTEM PROMPT
