REM Libro de cuentas de la granja "El Olmo". Escrito por Matías en 2009, tocado mil veces desde entonces.
DIM meses$(12)
meses$(0) = "enero"
meses$(1) = "febrero"
meses$(2) = "marzo"
total = 0
veces = 0

inicio:
TALK "Diga: gasto, ingreso, saldo o adiós."
HEAR orden$
orden$ = LCASE$(TRIM$(orden$))
IF orden$ = "adiós" OR orden$ = "adios" THEN GOTO fin
IF orden$ = "saldo" GOTO saldo
IF LEFT$(orden$, 5) = "gasto" THEN
  signo = -1
ELSE
  IF INSTR(orden$, "ingreso") = 1 THEN
    signo = 1
  ELSE
    veces = veces + 1
    IF veces > 1 THEN GOTO fin
    TALK "No entiendo «" & orden$ & "»."
    GOTO inicio
  END IF
END IF

HEAR cuanto AS MONEY WITH "¿Cuánto?"
HEAR dia AS DATE WITH "¿Qué día?" DEFAULT TODAY()
mes$ = meses$(MONTH(dia) - 1)
GOSUB anotar
GOTO inicio

anotar:
importe = VAL(cuanto) * signo
total = total + importe
concepto = IIF(signo < 0, "gasto", "ingreso") + " de " + mes$
SAVE "libro.csv", dia, concepto, importe
TALK "Anotado: " + concepto + ", " + FORMAT(ABS(importe), "#,##0.00") + " €"
RETURN

saldo:
viejas = FIND "libro.csv"
suma = 0
FOR i = 0 TO UBOUND(viejas) - 1
  suma = suma + viejas[i].importe
NEXT i
color$ = suma < 0 ? "rojo" : "verde"
TALK "Saldo: " & FORMAT(suma, "#,##0.00") & " € (" & UCASE$(color$) & "), hoy " & total
GOTO inicio

fin:
TALK "Hasta luego, año " + YEAR(TODAY()) + "."
IF total <> 0 THEN SET BOT MEMORY "último_total", total
