-- The prompts of packages through time: a row whenever a prompt's file says something else than before.
CREATE TABLE prompt_versions (
    org_id TEXT NOT NULL CONSTRAINT prompt_versions_org_fk REFERENCES organizations (id),
    bot_id TEXT NOT NULL,
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    version TEXT NOT NULL,
    author TEXT,
    package TEXT NOT NULL,
    variants TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT prompt_versions_pk PRIMARY KEY (org_id, bot_id, name, seq)
);

-- Each answer that a model gave with a prompt, and what people made of it. Counts outlive the conversation.
CREATE TABLE prompt_uses (
    id TEXT NOT NULL CONSTRAINT prompt_uses_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT prompt_uses_org_fk REFERENCES organizations (id),
    bot_id TEXT NOT NULL,
    conversation_id TEXT CONSTRAINT prompt_uses_conversation_fk REFERENCES conversations (id) ON DELETE SET NULL,
    turn_id TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    variant TEXT NOT NULL,
    outcome TEXT NOT NULL,
    verdict TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX prompt_uses_counts_idx ON prompt_uses (org_id, bot_id, name, version, variant);
CREATE INDEX prompt_uses_conversation_idx ON prompt_uses (conversation_id, created_at);
