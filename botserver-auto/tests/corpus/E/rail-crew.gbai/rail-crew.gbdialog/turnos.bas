# Reparto de turnos de maquinistas, Ferrocarril del Páramo
# Se ejecuta cada viernes; quien ya hizo dos noches no hace una tercera.
SET SCHEDULE "0 12 * * 5"

gente = FIND "maquinistas" WHERE activo = TRUE ORDER BY noches
servicios = FIND "servicios", "semana = '" + FORMAT DATEADD(TODAY(), 7, "day") AS "YYYY-MM-DD" + "'"
plan = CREATE OBJECT
SET plan.semana = FORMAT DATEADD(TODAY(), 7, "day") AS "DD/MM/YYYY"
SET plan.turnos = []
SET plan.sin_cubrir = 0
horas = {}
noches = {}
FOR EACH persona IN gente DO
    horas[persona.nombre] = 0
    noches[persona.nombre] = persona.noches OR 0
END FOR

FOR EACH servicio IN servicios DO
    elegido = NULL
    mínimo = 9999
    de_noche = servicio.hora >= 22 OR servicio.hora < 6
    FOR EACH persona IN gente DO
        nombre = persona.nombre
        IF NOT (persona.lineas CONTAINS servicio.linea) THEN CONTINUE
        IF de_noche AND noches[nombre] >= 2 THEN CONTINUE
        IF horas[nombre] + servicio.horas > (persona.tope OR 40) THEN CONTINUE
        IF horas[nombre] < mínimo THEN
            mínimo = horas[nombre]
            elegido = nombre
        END IF
    END FOR
    IF elegido = NULL THEN
        plan.sin_cubrir = plan.sin_cubrir + 1
        CREATE_TASK "Buscar maquinista para " + servicio.tren + " (línea " + servicio.linea + ")", "alta", "Begoña"
    ELSE
        horas[elegido] = horas[elegido] + servicio.horas
        IF de_noche THEN noches[elegido] = noches[elegido] + 1
        turno = #{ tren: servicio.tren, quien: elegido, hora: FORMAT(servicio.hora, "00") + ":00" }
        APPEND plan.turnos, turno
    END IF
END FOR

texto = "Turnos del ${plan.semana}:\n"
FOR EACH turno IN plan.turnos
    texto = texto + "- ${turno.hora} ${turno.tren}: ${turno.quien}\n"
NEXT turno
FOR EACH nombre IN horas
    IF horas[nombre] = 0 THEN texto = texto + "(" + nombre + " libra)\n"
NEXT nombre
SAVE_FROM_UNSTRUCTURED "planes", FORMAT plan AS JSON
SEND EMAIL "cocheras@paramo.example", "Turnos", texto
IF plan.sin_cubrir > 0 THEN
    PUBLISH EVENT "faltan-maquinistas", { cuantos: plan.sin_cubrir }
END IF
RETURN plan.sin_cubrir
