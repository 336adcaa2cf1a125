-- What bots remember of a person: across bots, or of one bot and perhaps for a time only.
CREATE TABLE user_memories (
    owner TEXT NOT NULL,
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    org_id TEXT NOT NULL CONSTRAINT user_memories_org_fk REFERENCES organizations (id),
    value TEXT NOT NULL,
    expires_at BIGINT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT user_memories_pk PRIMARY KEY (org_id, owner, scope, name)
);
CREATE INDEX user_memories_expires_idx ON user_memories (expires_at);
