-- Those who have an account, their sessions, and links that work once.
CREATE TABLE people (
    id TEXT NOT NULL CONSTRAINT people_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT people_org_fk REFERENCES organizations (id),
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE UNIQUE INDEX people_email_key ON people (org_id, email);

CREATE TABLE person_sessions (
    id TEXT NOT NULL CONSTRAINT person_sessions_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT person_sessions_org_fk REFERENCES organizations (id),
    person_id TEXT NOT NULL CONSTRAINT person_sessions_person_fk REFERENCES people (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL,
    device TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX person_sessions_token_key ON person_sessions (token_hash);
CREATE INDEX person_sessions_person_idx ON person_sessions (person_id);
CREATE INDEX person_sessions_org_idx ON person_sessions (org_id);

CREATE TABLE one_time_links (
    token_hash TEXT NOT NULL CONSTRAINT one_time_links_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT one_time_links_org_fk REFERENCES organizations (id),
    person_id TEXT NOT NULL CONSTRAINT one_time_links_person_fk REFERENCES people (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX one_time_links_person_idx ON one_time_links (person_id);
CREATE INDEX one_time_links_org_idx ON one_time_links (org_id);
