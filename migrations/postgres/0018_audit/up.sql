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
CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seq >= (SELECT first_seq FROM audit_chains WHERE org_id = OLD.org_id) THEN
        RAISE EXCEPTION 'entries of the audit log stay';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_stay();
CREATE FUNCTION audit_entries_are_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.detail IS NOT NULL OR NEW.salt IS NOT NULL
        OR (NEW.org_id, NEW.seq, NEW.id, NEW.at, NEW.actor, NEW.action, NEW.object, NEW.outcome, NEW.request,
            NEW.detail_hash, NEW.hash)
        IS DISTINCT FROM (OLD.org_id, OLD.seq, OLD.id, OLD.at, OLD.actor, OLD.action, OLD.object, OLD.outcome,
            OLD.request, OLD.detail_hash, OLD.hash) THEN
        RAISE EXCEPTION 'entries of the audit log are not changed';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_entries_are_fixed BEFORE UPDATE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_entries_are_fixed();
