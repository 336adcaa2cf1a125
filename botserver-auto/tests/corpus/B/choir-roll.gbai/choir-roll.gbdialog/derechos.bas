REM Derechos de los cantores sobre sus datos (coro de la calle Farol)
REM Exportar, rectificar u olvidar. Todo queda anotado.
acciones = { }
Set acciones.exportar = "una copia"
Set acciones.olvidar = "el borrado"

Hear correo As Email With "¿Con qué correo cantas en el coro?"
persona = Find "cantores", "correo", correo
If persona = Null Then
    Talk "No hay nadie con " + correo + " en nuestras listas."
    Return Null
End If

codigo = RIGHT("000000" + RANDOM(0, 999999), 6)
Send Mail correo, "Tu código", "Hola, ${persona.nombre}:

tu código es " + codigo + ".
Caduca en una hora.
"
Set User Memory "codigo", codigo
intentos = 0
valido = False
Do While Not valido And intentos < 3
    Hear dicho As Text With "Escribe el código que te hemos enviado."
    intentos = intentos + 1
    guardado = Get User Memory "codigo"
    valido = (TRIM(dicho) = guardado) Or (UCASE(dicho) = "SECRETARÍA")
    If Not valido Then Talk "No es correcto (" + intentos + " de 3)."
Loop
If Not valido Then
    Log Activity persona.id, "cantor", "código erróneo", "${intentos} intentos", correo
    Return False
End If

Hear deseo As "exportar", "rectificar", "olvidar"
Select Case deseo
    Case "exportar"
        copia = New Object
        copia.cantor = persona
        copia.ensayos = Find "asistencia" Where correo = correo Order By dia
        copia.cuotas = Find "cuotas" Where correo = correo
        ruta = "copias/" + REPLACE(correo, "@", "_en_") + ".json"
        Write ruta, Format copia As JSON
        Compress [ruta], "copias/" + persona.id + ".zip"
        Send File "copias/" + persona.id + ".zip", "Tus datos, ${persona.nombre}"
    Case "rectificar"
        For Each campo In ["nombre", "voz", "ciudad"] Do
            Hear nuevo As Text With CAPITALIZE(campo) + " (ahora: " + (persona[campo] ?? "vacío") + ")" Default persona[campo]
            If nuevo <> persona[campo] Then Update "cantores", persona.id, { [campo]: nuevo }
        End For
    Case Else
        Hear seguro As Boolean With "¿Seguro? No hay vuelta atrás." Default False
        If Not seguro Then Return False
        Delete From "asistencia" Where correo = correo
        Delete "cuotas", "correo = '" + correo + "' AND pagada = TRUE"
        Update "cantores" With nombre As "antiguo cantor", correo As Null, borrado As TODAY() Where id = persona.id
End Select

Log Activity persona.id, "cantor", deseo, acciones[deseo] Or "una corrección", correo
Talk "Hecho: " + (acciones[deseo] Or "la corrección") + ", " + FORMAT(TODAY(), "DD/MM/YYYY") + "."
Return True
