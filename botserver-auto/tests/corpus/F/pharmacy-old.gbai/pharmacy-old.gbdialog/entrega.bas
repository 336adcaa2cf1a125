' Entrega em casa - roteiro antigo, do tempo do primeiro atendente eletrônico.
SET MAX = 3
tentativas = 0
pedido = NEW OBJECT
pedido.itens = NEW ARRAY
TALK "Farmácia Lanterna, entregas. Diga “pronto” quando acabar a lista."

item:
HEAR texto$ AS STRING
texto$ = LTRIM(RTRIM(texto$))
IF LCASE(texto$) = "pronto" THEN GOTO endereço
achado = FIND "produtos.csv", "nome", CAPITALIZE(LCASE(texto$))
IF achado IS NULL THEN
  tentativas = tentativas + 1
  IF tentativas >= MAX THEN GOTO desisto
  TALK "Não temos “${texto$}”."
ELSEIF achado.receita THEN
  HEAR receita AS FILE WITH "Mande a receita de ${achado.nome}, por favor."
  pedido.itens.PUSH({ nome: achado.nome, preço: achado.preço, receita: receita.name })
ELSE
  pedido.itens.PUSH({ nome: achado.nome, preço: achado.preço })
END IF
GOTO item

endereço:
IF pedido.itens.length = 0 THEN GOTO desisto
HEAR nome AS NAME WITH "Em nome de quem?"
HEAR cpf AS CPF WITH "Qual é o CPF?"
HEAR cep AS CEP WITH "E o CEP?"
HEAR quando AS HOUR WITH "A que horas?" DEFAULT "18:00"
pedido.nome = nome
pedido.cpf = cpf
pedido.cep = cep
total = 0
lista$ = ""
FOR EACH item IN pedido.itens
  total = total + item.preço
  lista$ = lista$ + "- " + item.nome + IIF(item.receita, " (receita: " + item.receita + ")", "") + "\n"
NEXT item
frete = total >= 100 ? 0 : IIF(LEFT(REPLACE(cep, "-", ""), 2) = "01", 7.5, 15)
total = total + frete
GOSUB recibo
SAVE "entregas.csv", pedido.nome, pedido.cpf, cep, quando, total, frete
TALK TO "whatsapp:+551100000000", "Nova entrega para ${nome}, às ${quando}"
EXIT

recibo:
TALK lista$
TALK "Frete: " + FORMAT(frete, "R$ #,##0.00")
TALK "Total: " + FORMAT(total, "R$ #,##0.00") + ", até as " + quando + " de " + FORMAT TODAY() AS "DD/MM"
RETURN

desisto:
TALK "Desculpe, " + username + ". Vou chamar uma pessoa."
TRANSFER TO HUMAN "balcão"
