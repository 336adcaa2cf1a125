' Albergue Maré Alta: o começo de cada conversa
lingua = GET USER MEMORY("lingua")
hora = HOUR(NOW())
IF hora < 12 THEN saudacao = "Bom dia" ELSE saudacao = "Boa tarde"
IF hora >= 19 THEN saudacao = "Boa noite"

CLEAR SUGGESTIONS
IF lingua = "en" THEN
    ADD SUGGESTION "beds" AS "Are there free beds?"
    ADD SUGGESTION "wifi" AS "What is the wifi password?"
    SET CONTEXT "beds" AS "Answer with the tool reservar-cama."
    BEGIN SYSTEM PROMPT
    You are the night desk of a small hostel by the sea. Answer in English.
    The guest is ${username}; today is ${FORMAT(TODAY(), "MMMM D, YYYY")}.
    END SYSTEM PROMPT
    saudacao = "Hello"
ELSE
    ADD SUGGESTION "camas" AS "Há camas livres?"
    ADD SUGGESTION "rede" AS "Qual é a senha da rede?"
    SET CONTEXT "camas" AS "Responde com a ferramenta reservar-cama."
    BEGIN SYSTEM PROMPT
    És a receção noturna de um pequeno albergue à beira-mar.
    - Nunca confirmes uma reserva sem código.
    - Preços de hoje: ${TOYAML({ misto: 19.5, "família": 27 })}
    END SYSTEM PROMPT
END IF

ADD TOOL "reservar-cama"
ADD TOOL "lost-found"
USE KB "regras-da-casa"

ocupadas = AGGREGATE "SUM", "quartos", "ocupadas", "aberto = TRUE"
BEGIN TALK
## ${saudacao}, ${username}!

REM isto não é um comentário: é texto
Há ${60 - ocupadas} camas livres de 60 (${FORMAT((60 - ocupadas) / 60, "0%")}).
END TALK
