REM Abre chamado na ouvidoria
TALK "Ouvidoria municipal"
HEAR tipo AS MENU "Buraco na rua", "Lâmpada apagada", "Coleta de lixo", "Outro"
IF tipo = "Outro" THEN
    HEAR tipo WITH "Descreva o tipo em poucas palavras"
END IF
HEAR cep AS CEP WITH "Qual o CEP do local?"
HEAR descricao WITH "Descreva o problema"
HEAR foto AS IMAGE WITH "Envie uma foto" DEFAULT NULL
ano = YEAR(NOW())
contador = VAL(GET BOT MEMORY("contador")) + 1
SET BOT MEMORY "contador", contador
numero = ano + "/" + RIGHT("00000" + contador, 5)
prazo = CASE_PRAZO(tipo)
WITH protocolo
    .numero = numero
    .tipo = tipo
    .bairro = cep
    .descricao = descricao
    .status = "aberto"
    .aberto = NOW()
    .prazo = prazo
END WITH
SAVE "protocolos", protocolo
TALK "Protocolo **" + numero + "** aberto. Prazo: " + FORMAT(prazo, "DD/MM/YYYY")
RETURN numero

FUNCTION CASE_PRAZO(t)
    IF t = "Lâmpada apagada" THEN
        RETURN DATEADD(TODAY(), 3, "day")
    END IF
    IF t LIKE "buraco*" THEN RETURN DATEADD(TODAY(), 10, "days")
    RETURN DATEADD(TODAY(), 1, "month")
END FUNCTION
