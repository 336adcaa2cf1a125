-- Conversations, their log, and files that people sent.
CREATE TABLE conversations (
    id TEXT NOT NULL CONSTRAINT conversations_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT conversations_org_fk REFERENCES organizations (id),
    bot_id TEXT NOT NULL,
    owner_kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    session TEXT NOT NULL,
    activities TEXT NOT NULL,
    open_turn TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- Without updated_at: every turn would write the index as well, and an owner's conversations are soon sorted.
CREATE INDEX conversations_owner_idx ON conversations (org_id, owner_kind, owner_id);
CREATE INDEX conversations_open_turn_idx ON conversations (open_turn) WHERE open_turn IS NOT NULL;

-- Rows lie in the order in which they were written, so that the turns of one transaction share pages; sorted by
-- conversation each of them would write and split pages of its own.
CREATE TABLE conversation_events (
    conversation_id TEXT NOT NULL CONSTRAINT conversation_events_conversation_fk REFERENCES conversations (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    idempotency_key TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT conversation_events_pk PRIMARY KEY (conversation_id, seq)
);
CREATE UNIQUE INDEX conversation_events_idempotency_key ON conversation_events (conversation_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE conversation_files (
    id TEXT NOT NULL CONSTRAINT conversation_files_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT conversation_files_org_fk REFERENCES organizations (id),
    conversation_id TEXT NOT NULL CONSTRAINT conversation_files_conversation_fk REFERENCES conversations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    content BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX conversation_files_conversation_idx ON conversation_files (conversation_id);
CREATE INDEX conversation_files_org_idx ON conversation_files (org_id);
