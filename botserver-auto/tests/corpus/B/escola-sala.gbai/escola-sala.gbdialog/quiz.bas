' Quiz clássico
DIM q$(3), a$(3)
q$(0) = "Capital do Brasil?"
a$(0) = "brasilia"
q$(1) = "7 x 8?"
a$(1) = "56"
q$(2) = "Autor de Dom Casmurro?"
a$(2) = "machado"
pontos = 0
i = 0
proxima:
TALK q$(i)
HEAR r$
IF INSTR(LCASE$(r$), a$(i)) > 0 THEN
  pontos = pontos + 1
  TALK "Certo!"
ELSE
  TALK "Era " + a$(i)
END IF
i = i + 1
IF i < 3 THEN GOTO proxima
TALK "Você fez " + pontos + " de 3"
END
