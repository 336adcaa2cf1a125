SET SCHEDULE every day at 8am

amanha = FORMAT(DATEADD(TODAY(), 1, "day"), "yyyy-MM-dd")
lista = FIND "consultas" WHERE dia = amanha AND status = "marcada"
enviados = 0
FOR EACH c IN lista DO
    p = FIND "pacientes", "nome", c.paciente
    IF p.telefone IS NOT NULL THEN
        TALK TO "whatsapp:" + p.telefone, "Olá " + c.paciente + ", lembrete da consulta amanhã às " + c.hora
        enviados = enviados + 1
    END IF
END FOR
SET BOT MEMORY "lembretes", enviados
