' Marca consulta
' Autor: recepção
DESCRIPTION "Marca uma consulta para o paciente"
PARAM especialidade AS STRING LIKE "cardiologia"
PARAM dia AS DATE LIKE "2030-02-10" DESCRIPTION "Dia desejado"

medicos = FIND "medicos", "especialidade='" + LCASE(especialidade) + "' AND ativo=true"
IF UBOUND(medicos) = 0 THEN
   TALK "Não temos " + especialidade + " no momento."
   RETURN
END IF

nomes = []
FOR EACH m IN medicos
   PUSH nomes, m.nome
NEXT
TALK "Temos: " + JOIN(nomes, ", ")

HEAR nome AS NAME WITH "Nome completo do paciente?"
HEAR hora AS HOUR WITH "Qual horário?"

medico = medicos[0]
ocupado = FIND "consultas", "medico_id=" + medico.id + " AND dia='" + dia + "' AND hora='" + hora + "'"
IF ocupado THEN
   TALK "Esse horário já está ocupado. 😕"
   RETURN NULL
END IF

consulta = NEW OBJECT
consulta.paciente = nome
consulta.medico_id = medico.id
consulta.dia = dia
consulta.hora = hora
SAVE "consultas", consulta

TALK "Consulta marcada com " + medico.nome + " em " + FORMAT dia AS "DD/MM/YYYY" + " às " + hora
RETURN consulta
