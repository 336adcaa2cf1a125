DROP TABLE conversation_files;
DROP TABLE conversation_events;
DROP TABLE conversations;
