-- Work that outlives a turn: jobs, schedules that make them, and dialogs that wait for events.
CREATE TABLE jobs (
    id TEXT NOT NULL CONSTRAINT jobs_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT jobs_org_fk REFERENCES organizations (id),
    bot_id TEXT,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    unique_key TEXT,
    state TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    lease_by TEXT,
    lease_until BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE UNIQUE INDEX jobs_unique_key ON jobs (org_id, unique_key) WHERE unique_key IS NOT NULL;
-- Jobs that are done are most of the table, and nobody looks for them by time until they are swept.
CREATE INDEX jobs_due_idx ON jobs (due_at) WHERE state IN ('waiting', 'running');
CREATE INDEX jobs_bot_idx ON jobs (org_id, bot_id, state);

CREATE TABLE schedules (
    id TEXT NOT NULL CONSTRAINT schedules_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT schedules_org_fk REFERENCES organizations (id),
    bot_id TEXT NOT NULL,
    unique_key TEXT NOT NULL,
    origin TEXT NOT NULL,
    script TEXT NOT NULL,
    rule TEXT NOT NULL,
    zone TEXT NOT NULL,
    args TEXT NOT NULL,
    conversation_id TEXT,
    next_at BIGINT,
    last_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX schedules_unique_key ON schedules (org_id, bot_id, unique_key);
CREATE INDEX schedules_next_idx ON schedules (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE event_waits (
    token TEXT NOT NULL CONSTRAINT event_waits_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT event_waits_org_fk REFERENCES organizations (id),
    bot_id TEXT NOT NULL,
    event TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX event_waits_event_idx ON event_waits (org_id, bot_id, event);
