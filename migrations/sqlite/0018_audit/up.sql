-- What happened, on record: acts as the domains note them, and one chain of sealed entries for each organisation.
CREATE TABLE audit_acts (
    id TEXT NOT NULL CONSTRAINT audit_acts_pk PRIMARY KEY,
    org_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    outcome TEXT NOT NULL,
    request TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE audit_chains (
    org_id TEXT NOT NULL CONSTRAINT audit_chains_pk PRIMARY KEY,
    first_seq BIGINT NOT NULL,
    first_previous TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    last_hash TEXT NOT NULL
);
CREATE TABLE audit_entries (
    org_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    outcome TEXT NOT NULL,
    request TEXT NOT NULL,
    detail TEXT,
    salt TEXT,
    detail_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT audit_entries_pk PRIMARY KEY (org_id, seq)
);
CREATE INDEX audit_entries_actor_idx ON audit_entries (org_id, actor, seq);
CREATE INDEX audit_entries_object_idx ON audit_entries (org_id, object, seq);
CREATE INDEX audit_entries_action_idx ON audit_entries (org_id, action, seq);

-- Entries stay as they are: only those before the beginning of the chain may go, and only a detail may be blotted out.
CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries
WHEN OLD.seq >= (SELECT first_seq FROM audit_chains WHERE org_id = OLD.org_id)
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log stay');
END;
CREATE TRIGGER audit_entries_are_fixed BEFORE UPDATE ON audit_entries
WHEN NEW.detail IS NOT NULL OR NEW.salt IS NOT NULL
    OR NEW.org_id <> OLD.org_id OR NEW.seq <> OLD.seq OR NEW.id <> OLD.id OR NEW.at <> OLD.at
    OR NEW.actor <> OLD.actor OR NEW.action <> OLD.action OR NEW.object <> OLD.object
    OR NEW.outcome <> OLD.outcome OR NEW.request <> OLD.request
    OR NEW.detail_hash <> OLD.detail_hash OR NEW.hash <> OLD.hash
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are not changed');
END;
