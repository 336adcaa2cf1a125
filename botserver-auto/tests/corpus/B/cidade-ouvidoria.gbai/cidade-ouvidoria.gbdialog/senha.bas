' fila de atendimento
fila = GET BOT MEMORY "fila"
IF fila = "" THEN fila = 0
fila = fila + 1
SET BOT MEMORY "fila" AS fila
tempo = fila * 4
IF tempo BETWEEN 0 AND 15 THEN
   TALK "Sua senha é " + FORMAT(fila, "000") + ", espera curta."
ELSE
   TALK "Sua senha é " + FORMAT(fila, "000") + ", espera de " + tempo + " minutos."
END IF
ADD SUGGESTION "cancelar" AS "Desistir"
WAIT 1
SCHEDULE IN 10 MINUTES DO
   TALK "A senha ${fila} está próxima"
END SCHEDULE
RETURN fila
