TALK "I am sorry that something is wrong. Four short questions."
answers = { }
questions = [
  { key: "what", ask: "What happened?" },
  { key: "where", ask: "Where was it?" },
  { key: "when", ask: "When?" },
  { key: "wish", ask: "What would make it right?" }
]
FOR EACH question IN questions
  HEAR answer AS TEXT WITH question.ask
  answers[question.key] = answer
NEXT question

' Words that make it urgent; the first group is for the police.
urgent_words = [["stolen", "theft", "hit"], ["leak", "fire", "lock", "bugs"]]
level = 3
FOR i = UBOUND(urgent_words) - 1 TO 0 STEP -1
  FOR EACH word IN urgent_words[i]
    IF LCASE(answers.what) LIKE "%" + word + "%" THEN level = i + 1
  NEXT
NEXT i

minutes = CHOOSE(level, 10, 60, 24 * 60)
ticket = "C-" & FORMAT(NOW(), "MMDD") & "-" & LEN(answers.what)
until = NOW() + minutes * 60

BEGIN MAIL duty@marealta.example
Subject: ${level = 1 ? "URGENT: " : ""}complaint ${ticket}

Room or place: ${answers.where}
When: ${answers.when}

${answers.what}

Wish: ${answers.wish OR "none"}
Answer before ${FORMAT(until, "HH:mm")}.
END MAIL

INSERT INTO "complaints" VALUES { ticket: ticket, level: level, text: answers.what, place: answers.where, until: until, open: TRUE }
SET SESSION "needs_human", level = 1
IF level = 1 THEN
  TRANSFER TO HUMAN "duty", "high", answers.what
  NOTIFY AGENT "night", "Please go to ${answers.where}"
ELSE
  TALK "Your number is ${ticket}. We answer before " + FORMAT(until, "DD MMM, hh:mm tt") + "."
END IF
IF GET SESSION "needs_human" THEN TALK "Somebody is on the way."
