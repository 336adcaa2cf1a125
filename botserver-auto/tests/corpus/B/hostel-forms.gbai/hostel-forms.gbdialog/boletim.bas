' Boletim de alojamento: a lei manda perguntar isto a cada hóspede estrangeiro.
nacionais = ["portuguesa", "português"]
erros = 0

TALK "Boletim de alojamento do Albergue Maré Alta"
HEAR nome AS NAME WITH "Nome completo?"
HEAR nacionalidade AS TEXT WITH "Nacionalidade?" DEFAULT "portuguesa"
nacionalidade = LCASE(TRIM(nacionalidade))

IF CONTAINS(nacionais, nacionalidade) THEN
    HEAR documento AS TEXT WITH "Número do cartão de cidadão?"
    pais = "PRT"
ELSE
    HEAR pais AS TEXT WITH "País que emitiu o passaporte (três letras)?"
    DO UNTIL LEN(pais) = 3 OR erros >= 2
        erros = erros + 1
        pais = HEAR "São três letras, por exemplo BRA. País?"
    LOOP
    pais = UCASE(LEFT(pais, 3))
    HEAR documento AS TEXT WITH "Número do passaporte?"
END IF

HEAR nascimento AS DATE WITH "Data de nascimento?"
HEAR chegada AS DATE WITH "Data de chegada?" DEFAULT FORMAT(TODAY(), "YYYY-MM-DD")
HEAR partida AS DATE WITH "Data de partida?" DEFAULT FORMAT(DATEADD(chegada, 1, "day"), "YYYY-MM-DD")

noites = DATEDIFF(partida, chegada)
idade = DATEDIFF("year", nascimento, chegada)
IF noites < 1 THEN
    TALK "A partida tem de ser depois da chegada."
    RETURN FALSE
ELSE IF idade < 18 THEN
    HEAR responsavel AS NAME WITH "${nome} tem ${idade} anos. Quem é o responsável?"
END IF

' A taxa municipal: duas noites no máximo, a partir dos treze anos.
taxa = idade >= 13 ? 2 * IIF(noites > 2, 2, noites) : 0

boletim = {
    "nome": nome, "pais": pais,
    "documento": UCASE(REPLACE(documento, " ", "")),
    "nascimento": nascimento,
    "estadia": { "de": chegada, "até": partida, "noites": noites },
    "responsavel": responsavel ?? NULL
}
id = INSERT INTO "boletins" VALUES boletim
IF pais <> "PRT" THEN
    TRY
        POST "https://fronteiras.example/boletins", boletim
    CATCH erro
        SET BOT MEMORY "pendente_" + id.id, TOJSON(boletim)
        TALK "O serviço não responde (" + erro.message + "); enviamos mais tarde."
    END TRY
END IF

TALK "Obrigado, ${FIRST(SPLIT(nome, " "))}. Taxa: ${FORMAT(taxa, "0.00")} €, ${noites} noites."
RETURN TRUE
