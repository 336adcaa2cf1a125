PARAM inscricao AS STRING LIKE "001.002.003" DESCRIPTION "Inscrição do imóvel"
DESCRIPTION "Consulta o IPTU e gera as parcelas"
imovel = FIND "iptu" WHERE inscricao = inscricao FIRST
IF imovel IS NULL
    TALK "Inscrição não encontrada"
    RETURN
END IF
IF imovel.pago THEN
    TALK "Nada a pagar."
    RETURN { "pago": true }
END IF
desconto = 0.07
avista = imovel.valor * (1 - desconto)
TALK "À vista: R$ " + FORMAT(avista, "#,##0.00") + " ou em " + imovel.parcelas + " parcelas:"
parcela = ROUND(imovel.valor / imovel.parcelas, 2)
vencimento = EOMONTH(TODAY())
FOR n = 1 TO imovel.parcelas STEP 1
    TALK n + "ª: R$ " + FORMAT parcela AS "#,##0.00" + " até " + FORMAT(vencimento, "dd/MM/yyyy")
    vencimento = EOMONTH(DATEADD(vencimento, 1, "month"))
NEXT n
RETURN { "pago": false, "avista": ROUND(avista, 2), "parcela": parcela }
