DESCRIPTION "Takes an order for bread"
TALK "Which bread?"
HEAR bread AS MENU "Sourdough", "Rye"
TALK "One " + bread
