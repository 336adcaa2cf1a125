TALK "Contestação de compra"
HEAR valor AS MONEY WITH "Qual o valor da compra?"
HEAR quando AS DATE WITH "Em que data?"
HEAR motivo AS "Não reconheço", "Valor errado", "Produto não chegou"
SELECT CASE motivo
  CASE "Não reconheço"
    prioridade = "alta"
    prazo = 5
  CASE "Valor errado", "Produto não chegou"
    prioridade = "normal"
    prazo = 10
  CASE ELSE
    prioridade = "baixa"
    prazo = 30
END SELECT
limite = DATEADD(TODAY(), prazo, "day")
dias = DATEDIFF("day", quando, TODAY())
IF dias > 90 THEN
  TALK "Compras com mais de 90 dias não podem ser contestadas."
  RETURN -1
END IF
INSERT INTO "disputes" VALUES {
  "amount": valor,
  "bought": quando,
  "reason": motivo,
  "priority": prioridade,
  "until": limite,
  "status": "open"
}
TALK "Registrado. Respondemos até " + FORMAT(limite, "DD/MM/YYYY") + "."
