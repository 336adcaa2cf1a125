' Asks one thing of each kind that the page has a control for, and repeats the answer.
TALK "# Welcome"
TALK "What is your **name**?"
HEAR name AS NAME
TALK "name: " + name

TALK "Which day?"
HEAR day AS DATE
TALK "date: " + day

TALK "How many?"
HEAR count AS INTEGER
TALK "integer: " + count

TALK "Which bread?"
HEAR bread AS MENU "Sourdough", "Rye", "Baguette"
TALK "menu: " + bread

TALK "Send a file, please."
HEAR attachment AS FILE
TALK "file: received"

TALK "And a secret word?"
HEAR word AS PASSWORD
TALK "password: received"

TALK "That was all."
