# Triagem de Manchester, bem simplificada
pontos = 0
respostas = {}

SUB perguntar(texto, peso, chave)
    HEAR r AS BOOLEAN WITH texto
    respostas[chave] = r
    IF r THEN pontos = pontos + peso
END SUB

CALL perguntar("Dor no peito?", 10, "peito")
IF respostas.peito = TRUE THEN
    TALK "Ligue agora para o 192!"
    TRANSFER TO HUMAN "emergencia", "high"
    EXIT
END IF
CALL perguntar("Febre acima de 38?", 3, "febre")
CALL perguntar("Falta de ar?", 5, "ar")

cor = pontos >= 8 ? "laranja" : pontos >= 5 ? "amarela" : pontos >= 3 ? "verde" : "azul"
SWITCH cor
    CASE "laranja"
        espera = 10
    CASE "amarela"
        espera = 60
    DEFAULT
        espera = 120
END SWITCH
TALK "Sua classificação é " + cor + ", espera de até " + espera + " minutos."
REMEMBER "triagem" = cor
