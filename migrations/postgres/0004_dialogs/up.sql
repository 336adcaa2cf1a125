-- What dialogs keep: the memory of bots and the programs that waiting dialogs run.
CREATE TABLE bot_memories (
    bot_id TEXT NOT NULL,
    name TEXT NOT NULL,
    org_id TEXT NOT NULL CONSTRAINT bot_memories_org_fk REFERENCES organizations (id),
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT bot_memories_pk PRIMARY KEY (bot_id, name)
);
CREATE INDEX bot_memories_org_idx ON bot_memories (org_id);

CREATE TABLE dialog_programs (
    bot_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    org_id TEXT NOT NULL CONSTRAINT dialog_programs_org_fk REFERENCES organizations (id),
    script TEXT NOT NULL,
    program TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT dialog_programs_pk PRIMARY KEY (bot_id, hash)
);
CREATE INDEX dialog_programs_org_idx ON dialog_programs (org_id);
