PARAM bairro AS STRING ENUM ["Centro", "Norte", "Sul"] 
DESCRIPTION "Dias da coleta de lixo do bairro"
calendario = #{
  "centro": ["segunda", "quarta", "sexta"],
  "norte": ["terça", "quinta"],
  "sul": ["sábado"]
}
dias = calendario[LOWER(bairro)]
IF dias = NULL THEN
  RETURN "Bairro desconhecido"
END IF
frase = "No " + bairro + " a coleta passa "
FOR i = 0 TO UBOUND(dias) - 1
  IF i > 0 AND i = UBOUND(dias) - 1 THEN
    frase = frase + " e "
  ELSE IF i > 0 THEN
    frase = frase + ", "
  END IF
  frase = frase + dias[i]
NEXT
TALK frase + "."
RETURN dias
