' Reserva de camas do Albergue Maré Alta.
' A ferramenta é chamada quando o hóspede diz datas e número de pessoas.
PARAM nome AS NAME LIKE "Inês Falcão" DESCRIPTION "Nome do hóspede"
PARAM chegada AS DATE LIKE "2026-07-01" DESCRIPTION "Dia da chegada"
PARAM noites AS INTEGER LIKE 2 DEFAULT 1 DESCRIPTION "Quantas noites"
PARAM pessoas AS INTEGER LIKE 1 DEFAULT 1 DESCRIPTION "Quantas camas"
PARAM dormitorio AS STRING LIKE "misto" ENUM ["misto", "feminino", "família"] OPTIONAL
DESCRIPTION "Reserva camas no albergue e calcula o preço"

hoje = FORMAT(TODAY(), "YYYY-MM-DD")
IF chegada < hoje THEN
    TALK "O dia ${FORMAT(chegada, "DD/MM/YYYY")} já passou."
    RETURN NULL
END IF

IF NOT dormitorio THEN
    HEAR dormitorio AS MENU "misto", "feminino", "família" WITH "Em que dormitório, ${nome}?"
END IF

quartos = FIND "quartos", "tipo = '${dormitorio}' AND livres >= " + pessoas
IF quartos.count = 0 THEN
    TALK "Não há ${pessoas} camas livres no dormitório " + dormitorio + "."
    RETURN { "confirmada": FALSE, "motivo": "cheio" }
END IF

quarto = FIRST(quartos)
' Julho e agosto são época alta; no fim de semana há acréscimo.
preco = 0
FOR n = 0 TO noites - 1
    dia = DATEADD(chegada, n, "day")
    diaria = 19.5
    IF MONTH(dia) = 7 OR MONTH(dia) = 8 THEN diaria = 27
    IF WEEKDAY(dia) = 1 || WEEKDAY(dia) = 7 THEN diaria = diaria + 4
    preco = preco + diaria * pessoas
NEXT n

saida = FORMAT DATEADD(chegada, noites, "day") AS "YYYY-MM-DD"
codigo = "MA" + RIGHT(REPLACE(chegada, "-", ""), 4) + UCASE(LEFT(nome, 2))

SAVE "reservas" WITH codigo AS codigo, hospede AS nome, quarto AS quarto.numero, chegada AS chegada, saida AS saida, preco AS preco
UPDATE "quartos" SET livres = quarto.livres - pessoas WHERE numero = quarto.numero

BEGIN TALK
Olá ${nome}! Está tudo pronto:

• Quarto ${quarto.numero} (${dormitorio}), ${pessoas} cama(s)
• De ${FORMAT(chegada, "DD/MM")} a ${FORMAT(saida, "DD/MM")}
• Total: ${FORMAT(preco, "€ #,##0.00")}

Código: ${codigo}
END TALK
RETURN { "confirmada": TRUE, "codigo": codigo, "preco": preco }
