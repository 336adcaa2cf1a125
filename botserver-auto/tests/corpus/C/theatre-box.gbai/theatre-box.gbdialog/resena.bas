# Teatro del Farol: el público escribe una reseña después de la función.
BEGIN SYSTEM PROMPT
Eres la taquillera del Teatro del Farol. Hablas con ${username}.
Hoy es ${FORMAT(TODAY(), "DD/MM/YYYY")}. No prometas entradas gratis.
' esta línea también forma parte del texto
END SYSTEM PROMPT

SET CONTEXT "reseñas" AS "Las reseñas se publican los lunes."
CLEAR SUGGESTIONS
ADD SUGGESTION "buena" AS "¡Me encantó!"
ADD SUGGESTION "mala" AS "No me gustó"

HEAR opinion AS TEXT WITH "¿Qué le pareció la función, " + username + "?"
HEAR nota AS INTEGER WITH "¿Cuántas estrellas, de 1 a 5?"
DO UNTIL nota >= 1 AND nota <= 5
    TALK "Tiene que ser un número de 1 a 5, no ${nota}."
    HEAR nota AS INTEGER
LOOP

palabras = SPLIT(opinion, " ")
larga = UBOUND(palabras) > 12
IF larga THEN
    corta = REWRITE "Resume en una frase, en español: ${opinion}"
ELSE
    corta = opinion
END IF

IF INSTR(LCASE(opinion), "frío") > 0 OR LCASE(opinion) CONTAINS "calefacción" THEN
    SEND EMAIL "mantenimiento@farol.example", "Queja de calefacción: " + opinion
END IF

resp = POST "https://cartelera.example/api/resenas", #{ texto: corta, estrellas: nota, autor: username, fecha: FORMAT(NOW(), "YYYYMMDDHHmmss") }
SELECT CASE resp.estado
    CASE "publicada", "pendiente"
        TALK "Gracias. Su reseña está " + resp.estado + "."
    CASE "rechazada"
        TALK "No se pudo publicar: " + resp.motivo
        RETURN FALSE
END SELECT

media = AGGREGATE "AVG", "reseñas", "estrellas"
TALK "La media es ahora de " + FORMAT(media, "0.0") + " estrellas " + IF(media > 4, "🎭", "🙂")
RETURN TRUE
