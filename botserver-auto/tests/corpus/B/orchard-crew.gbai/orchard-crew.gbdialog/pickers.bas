' Cuadrilla de recogida: quién viene mañana, cuántas cajas y cuánto se paga.
manana = FORMAT DATEADD(TODAY(), 1, "day") AS "YYYY-MM-DD"
cuadrilla = []
nombres = NEW ARRAY
Dim pagos(4)
veces = 0
seguir = TRUE

WHILE seguir DO
  HEAR accion AS "apuntar", "cajas", "pagar", "salir" WITH "¿Apuntar, cajas, pagar o salir?"
  SWITCH accion
    CASE "apuntar"
      CALL apuntar(manana)
    CASE "cajas"
      CALL contar
    CASE "pagar"
      suma = pagar_todo(0.85)
      pagos(veces) = suma
      veces = veces + 1
      TALK "Pagado: " + FORMAT suma AS "#,##0.00" + " €"
    CASE ELSE
      seguir = FALSE
  END SWITCH
END WHILE
TALK "Hasta mañana. Apuntados: " + (UBOUND(cuadrilla) > 0 ? JOIN(nombres, ", ") : "nadie")
IF veces > 0 THEN TALK "Pagos: " + JOIN(SLICE(pagos, 0, veces), " + ")
EXIT

SUB apuntar(dia)
  HEAR nombre AS NAME WITH "¿Nombre?"
  HEAR movil AS MOBILE WITH "¿Móvil de ${nombre}?"
  ya = FIND "recogida" WHERE nombre = nombre AND dia = dia
  IF ya IS NOT NULL THEN
    TALK "${nombre} ya está apuntado para ${dia}."
    EXIT SUB
  END IF
  INSERT INTO "recogida" VALUES { nombre: nombre, movil: movil, dia: dia, cajas: 0 }
  PUSH nombres, nombre
  cuadrilla.PUSH({ nombre: nombre, cajas: 0 })
END SUB

SUB contar
  FOR i = 0 TO UBOUND(cuadrilla) - 1
    HEAR n AS INTEGER WITH "¿Cajas de " + cuadrilla[i].nombre + "?" DEFAULT 0
    cuadrilla[i].cajas = cuadrilla[i].cajas + n
    UPDATE "recogida", "nombre = '" + cuadrilla[i].nombre + "' AND dia = '${manana}'", { cajas: cuadrilla[i].cajas }
  NEXT
END SUB

FUNCTION pagar_todo(precio)
  suma_local = 0
  FOR EACH p IN cuadrilla
    IF p.cajas = 0 THEN CONTINUE
    importe = p.cajas * precio
    IF p.cajas >= 50 THEN importe = importe * 1.1
    suma_local = suma_local + importe
    TALK p.nombre + ": " + p.cajas + " × " + precio + " = " + FORMAT(importe, "0.00")
  NEXT
  RETURN suma_local
END FUNCTION
