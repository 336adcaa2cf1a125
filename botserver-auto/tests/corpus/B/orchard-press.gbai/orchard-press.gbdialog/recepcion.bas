' =====================================================
'  Recepción de fruta en la almazara de Don Anselmo
'  Una entrega = varios palots, cada uno con su peso
' =====================================================
total_kg = 0
palots = []
calidad_media = 0

TALK "Recepción de fruta, campaña " + YEAR(TODAY())

HEAR socio AS INTEGER WITH "¿Número de socio?"
productor = FIND "socios" WHERE id = socio FIRST

IF productor IS NULL THEN
    HEAR seguir AS BOOLEAN WITH "El socio " + socio + " no existe. ¿Lo damos de alta?" DEFAULT FALSE
    IF NOT seguir THEN
        TALK "Entonces no podemos recibir la fruta."
        EXIT
    END IF
    HEAR nombre AS NAME WITH "¿Cómo se llama?"
    HEAR pueblo AS TEXT WITH "¿De qué pueblo viene?" DEFAULT "Peñarrubia"
    productor = INSERT INTO "socios" VALUES { "id": socio, "nombre": nombre, "pueblo": pueblo, "alta": TODAY() }
END IF

HEAR especie AS MENU "manzana", "pera", "albaricoque" WITH "¿Qué trae, ${productor.nombre}?"

DO
    CALL pesar_palot
    HEAR otro AS BOOLEAN WITH "¿Hay otro palot?" DEFAULT FALSE
LOOP WHILE otro

calidad_media = ROUND(AVG(palots, "calidad"), 1)

SELECT CASE TRUE
    CASE calidad_media >= 8
        tarifa = 0.42
    CASE calidad_media >= 5
        tarifa = 0.31
    CASE ELSE
        tarifa = 0.12
        TALK "Atención: irá a zumo."
END SELECT

importe = total_kg * tarifa
INSERT INTO "entregas" WITH socio = socio, especie = especie, palots = UBOUND(palots), kg = total_kg, importe = importe, fecha = NOW()

UPDATE "socios"
    SET kilos = (productor.kilos OR 0) + total_kg,
        ultima = TODAY()
    WHERE id = socio

TALK FORMAT(total_kg, "#,##0") + " kg de " + especie + ", calidad " + FORMAT(calidad_media, "#0.0") + ": " + FORMAT(importe, "#,##0.00") + " €"
LOG ACTIVITY socio, "entrega", "recibida", especie + " " + total_kg + " kg", username
EXIT

SUB pesar_palot
    HEAR bruto AS DECIMAL WITH "Peso bruto del palot " + (UBOUND(palots) + 1) + ", en kilos"
    IF bruto <= 38 THEN
        TALK "Eso no pesa ni la caja vacía."
        EXIT SUB
    END IF
    HEAR calidad AS INTEGER WITH "¿Calidad del 1 al 10?" DEFAULT 5
    neto = bruto - 38
    APPEND palots, { neto: neto, calidad: calidad }
    total_kg = total_kg + neto
END SUB
