DROP TABLE dialog_programs;
DROP TABLE bot_memories;
