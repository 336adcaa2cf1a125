SET SCHEDULE "every monday at 9am"
hoje = TODAY()
todos = FIND "pacientes"
for each p in todos
   if month(p.nascimento) = month(hoje) and day(p.nascimento) = day(hoje) then
      idade = year(hoje) - year(p.nascimento)
      msg = "Parabéns pelos " + idade + " anos, " + split(p.nome, " ")[0] + "!"
      append_list = append_list + [msg]
   end if
next p
return append_list
