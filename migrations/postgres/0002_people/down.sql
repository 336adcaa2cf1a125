DROP TABLE one_time_links;
DROP TABLE person_sessions;
DROP TABLE people;
