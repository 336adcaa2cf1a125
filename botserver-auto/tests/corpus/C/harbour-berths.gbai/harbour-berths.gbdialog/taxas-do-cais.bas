# Cais de Pedra Alta: calcula as taxas de um navio e abre a fatura.
PARAM navio AS STRING LIKE "Estrela d'Alva"
PARAM toneladas AS INTEGER LIKE 1200
PARAM horas AS INTEGER LIKE 30
PARAM perigosa AS BOOLEAN OPTIONAL
DESCRIPTION "Calcula as taxas portuárias e emite a fatura"

FUNCTION dias(h)
    inteiros = INT(h / 24)
    IF h MOD 24 > 0 THEN inteiros = inteiros + 1
    RETURN inteiros
END FUNCTION

FUNCTION faixa(t)
    IF t <= 500 THEN RETURN "pequeno"
    IF t <= 5000 THEN
        RETURN "médio"
    END IF
    RETURN "grande"
END FUNCTION

LET tabela = #{ "pequeno": 0.9, "médio": 0.75, "grande": 0.6 }
LET classe = faixa(toneladas)
LET ocupacao = toneladas * tabela[classe] * dias(horas)
SET adicional = perigosa ? ocupacao * 0.25 : 0
SET total = ROUND(ocupacao + adicional, 2)

WITH fatura
    navio = navio
    classe = classe
    dias = dias(horas)
    itens = [
        { "descrição": "ocupação do cais", valor: ocupacao },
        { "descrição": "carga perigosa", valor: adicional }
    ]
    vencimento = FORMAT(NOW() + DAYS(15), "DD/MM/YYYY")
END WITH
fatura.total = total

resposta = POST "https://fazenda.pedraalta.example/faturas", fatura
IF resposta.status = "recusada" OR resposta.status = 500 THEN
    TALK "A fatura não foi aceita: ${resposta.motivo OR "sem motivo"}."
    EXIT
END IF

SAVE "faturas" WITH navio AS navio, numero AS resposta.numero, total AS total
TALK "Fatura nº ${resposta.numero}: " + FORMAT total AS "R$ #,##0.00" + ", vence em " + fatura.vencimento + "."
FOR EACH item IN fatura.itens DO
    IF item.valor > 0 THEN TALK "• ${item["descrição"]}: ${FORMAT(item.valor, "0.00")}"
END FOR
RETURN WITH numero AS resposta.numero, total AS total, classe AS classe
