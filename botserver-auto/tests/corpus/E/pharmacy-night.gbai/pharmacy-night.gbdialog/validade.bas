REM Farmácia Lanterna - lotes que vencem. Roda toda segunda-feira de madrugada.
SET SCHEDULE every monday at 5am

hoje = TODAY()
limite = FORMAT DATEADD(hoje, 60, "day") AS "YYYY-MM-DD"
lotes = FIND "lotes" WHERE vence <= limite AND quantidade > 0 ORDER BY vence

resumo = CREATE OBJECT
SET resumo.vencidos = 0
SET resumo.promoção = []
SET resumo.perda = 0

FOR EACH lote IN lotes DO
    dias = DATEDIFF("day", hoje, lote.vence)
    SELECT CASE dias
        CASE IS < 0
            resumo.vencidos = resumo.vencidos + lote.quantidade
            resumo.perda = resumo.perda + lote.quantidade * lote.custo
            UPDATE "lotes", "código = '" + lote.código + "'", { situação: "descarte", em: FORMAT(hoje, "DD/MM/YYYY") }
        CASE 0 TO 15
            desconto = 50
        CASE 16 TO 45
            desconto = 20
        CASE ELSE
            desconto = 10
    END SELECT
    IF dias >= 0 THEN
        preço = ROUND(lote.custo * 1.4 * (100 - desconto) / 100, 2)
        APPEND resumo.promoção, "${lote.nome}: R$ ${FORMAT(preço, "0.00")} (-${desconto}%, ${dias} dias)"
    END IF
END FOR

IF resumo.vencidos > 0 THEN
    CREATE_TASK "Descartar " + resumo.vencidos + " unidades", "alta", "João"
END IF

IF COUNT(resumo.promoção) THEN
    mensagem = "Promoções até " + FORMAT limite AS "DD/MM/YYYY" + ":\n"
    FOR i = UBOUND(resumo.promoção) - 1 TO 0 STEP -1
        mensagem = mensagem + "• " + resumo.promoção[i] + "\n"
    NEXT i
    SEND MAIL "balcao@lanterna.example", "Promoções da semana", mensagem
END IF

BEGIN MAIL "gerência@lanterna.example"
Subject: Perdas: ${FORMAT(resumo.perda, "R$ #,##0.00")}

Olá Conceição,
são ${resumo.vencidos} unidades vencidas. Não esqueça: "é proibido vender".

Atenciosamente, o robô
END MAIL
