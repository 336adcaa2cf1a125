PARAM nome AS STRING
PARAM motivo AS STRING OPTIONAL
DESCRIPTION "Cancela as consultas futuras do paciente"

ON ERROR RESUME NEXT
n = UPDATE "consultas" SET status = "cancelada" WHERE paciente = nome AND dia >= TODAY() AND status = "marcada"
IF ERROR THEN
  TALK "Não consegui: " + ERROR MESSAGE
  RETURN 0
END IF
ON ERROR GOTO 0
TALK IIF(n = 0, "Nada a cancelar.", n + " consulta(s) cancelada(s).")
LOG "cancelamento", { paciente: nome, motivo: motivo ?? "sem motivo", quantas: n }
RETURN n
