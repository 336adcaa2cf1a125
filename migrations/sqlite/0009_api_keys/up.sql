-- Keys with which programs act for a person, each with less than the person may do and until a day.
CREATE TABLE api_keys (
    id TEXT NOT NULL CONSTRAINT api_keys_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT api_keys_org_fk REFERENCES organizations (id),
    person_id TEXT NOT NULL CONSTRAINT api_keys_person_fk REFERENCES people (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    permissions TEXT NOT NULL,
    bots TEXT,
    created_at BIGINT NOT NULL,
    seen_at BIGINT,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX api_keys_token_key ON api_keys (token_hash);
CREATE INDEX api_keys_person_idx ON api_keys (person_id);
CREATE INDEX api_keys_org_idx ON api_keys (org_id);
