PARAM paciente AS STRING
PARAM remedios AS ARRAY
DESCRIPTION "Emite a receita em texto"

IF remedios IS EMPTY THEN
    TALK "Nenhum remédio na receita."
    RETURN
END IF
texto = "Receita para " + paciente + "\n"
i = 1
FOR EACH r IN remedios
    texto = texto + i + ". " + r.nome + " - " + r.dose + " de " + r.cada + " em " + r.cada + "h\n"
    i = i + 1
NEXT r
arquivo = "receitas/" + REPLACE(LCASE(paciente), " ", "-") + "-" + FORMAT(NOW(), "YYYYMMDD") + ".txt"
WRITE arquivo, texto
lido = READ arquivo
TALK lido
RETURN arquivo
