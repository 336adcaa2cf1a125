# Puerto de Santa Clara. Reparte los buques del día entre los prácticos de guardia.
DESCRIPTION "Asigna los buques de hoy a los prácticos"
PARAM turno AS STRING ENUM ["mañana", "tarde", "noche"] DEFAULT "mañana"

desde = #{ "mañana": 6, "tarde": 14, "noche": 22 }
hora = desde[turno]
buques = QUERY "SELECT nombre, eslora, hora FROM escalas WHERE turno = '" + turno + "' ORDER BY hora"
practicos = FIND "prácticos" WITH "turno = " + turno

IF practicos IS EMPTY THEN
    # nadie de guardia: que decida el capitán
    aviso = REWRITE "Escribe un mensaje corto y cortés al capitán: no hay prácticos en el turno de ${turno}, esperan ${UBOUND(buques)} buques."
    TALK TO "capitán", aviso
    RETURN 0
END IF

reparto = {}
k = 0
FOR EACH buque IN buques
    quien = practicos[k MOD UBOUND(practicos)]
    SELECT CASE TRUE
        CASE buque.eslora > 200
            remolques = 2
        CASE buque.eslora > 90
            remolques = 1
        CASE ELSE
            remolques = 0
    END SELECT
    IF reparto[quien.nombre] IS NULL THEN reparto[quien.nombre] = []
    lista = reparto[quien.nombre]
    lista.PUSH(#{ buque: buque.nombre, hora: buque.hora, remolques: remolques })
    reparto[quien.nombre] = lista
    k = k + 1
NEXT buque

total = 0
FOR EACH p IN practicos
    tareas = reparto[p.nombre] OR []
    texto = "¡Buenos días, ${p.nombre}! Turno de ${turno} (desde las ${hora}:00):"
    FOR EACH t IN tareas
        texto = texto + "\n" + t.hora + " " + t.buque + (t.remolques > 0 ? " +" + t.remolques + " remolcador" + (t.remolques > 1 ? "es" : "") : "")
        total = total + t.remolques
    NEXT t
    IF UBOUND(tareas) = 0 THEN texto = texto + " sin buques."
    TALK TO p.canal + ":" + p.movil, texto
NEXT p

CALL "/tugs/requests", "santa-clara", turno, total
RETURN WITH buques AS UBOUND(buques), remolcadores AS total
