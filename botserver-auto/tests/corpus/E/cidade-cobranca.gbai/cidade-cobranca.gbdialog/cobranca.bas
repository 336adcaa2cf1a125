SET SCHEDULE "every weekday at 7am"
atrasados = QUERY "SELECT numero, tipo, prazo FROM protocolos WHERE status = 'aberto' AND prazo < '" + FORMAT(TODAY(), "yyyy-MM-dd") + "' ORDER BY prazo"
IF COUNT(atrasados) = 0 THEN EXIT
resumo = ""
FOR EACH a IN atrasados LAST 20
  resumo = resumo + a.numero + " (" + a.tipo + ") venceu em " + FORMAT(a.prazo, "dd/MM") + "\n"
NEXT
SEND MAIL "ouvidoria@prefeitura.example", "Protocolos atrasados: " + COUNT(atrasados), resumo
PUBLISH EVENT "protocolos_atrasados"
