DROP TABLE event_waits;
DROP TABLE schedules;
DROP TABLE jobs;
