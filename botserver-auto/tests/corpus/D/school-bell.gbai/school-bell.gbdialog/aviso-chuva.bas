' Escola Ipê Amarelo: aviso de temporal às famílias.
PARAM nivel AS STRING ENUM ["amarelo", "laranja", "vermelho"]
PARAM bairros AS ARRAY
PARAM inicio AS DATETIME

aviso = {}
aviso.nivel = nivel
aviso.hora = FORMAT(inicio, "HH:mm")
aviso.enviados = 0

IF nivel = "amarelo" THEN
    SAVE "avisos", aviso
    RETURN aviso
END IF

familias = FIND "famílias" WHERE ativa = TRUE
no_bairro = FILTER(familias, "bairro <> ''")
fila = []
FOR EACH f IN no_bairro
    IF f.bairro IN bairros THEN fila.PUSH(f)
END FOR

texto = "Temporal previsto para as ${aviso.hora}. "
SELECT CASE nivel
    CASE "laranja"
        texto = texto + "As aulas terminam mais cedo, às " + FORMAT DATEADD(inicio, -2, "hour") AS "HH:mm" + "."
    CASE "vermelho"
        texto = texto + "Não há aula amanhã, " + FORMAT(DATEADD(TODAY(), 1, "day"), "DD/MM") + "."
END SELECT

i = 0
DO UNTIL i >= UBOUND(fila)
    pessoa = fila[i]
    i = i + 1
    nome = SPLIT(pessoa["responsável"], " ")[0]
    TRY
        SEND TEMPLATE "temporal", "whatsapp,sms", pessoa.telefone, { nome: nome, texto: texto }
        aviso.enviados = aviso.enviados + 1
    CATCH
        LET aviso.falhas = (aviso.falhas OR "") + nome + "; "
    END TRY
    IF aviso.enviados >= 100 THEN EXIT DO
LOOP

SET BOT MEMORY "ultimo_aviso", aviso.nivel + " " + FORMAT(TODAY(), "DD/MM/YYYY")
IF aviso.falhas THEN NOTIFY AGENT "secretaria", "Ligar para: " + LEFT(aviso.falhas, LEN(aviso.falhas) - 2)
TALK texto
TALK "Avisadas: " + aviso.enviados + " de " + UBOUND(fila) + " famílias (" + FORMAT(aviso.enviados / UBOUND(fila), "0%") + ")."
SAVE "avisos", aviso
RETURN aviso
