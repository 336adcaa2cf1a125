-- Organisations with members, groups, roles, invitations, and who may talk to which bot.
ALTER TABLE organizations ADD COLUMN slug TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN plan TEXT NOT NULL DEFAULT 'free';
ALTER TABLE organizations ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
-- Counts every change of what anybody in the organisation may do, so that nodes know when to look again.
ALTER TABLE organizations ADD COLUMN access_version BIGINT NOT NULL DEFAULT 0;
UPDATE organizations SET slug = 'org-' || id, plan = 'enterprise';
UPDATE organizations SET slug = 'default' WHERE id = (SELECT id FROM organizations ORDER BY created_at, id LIMIT 1);
CREATE UNIQUE INDEX organizations_slug_key ON organizations (slug) WHERE slug <> '';

-- An account is one person's on the whole server; people.org_id is the organisation that looks after it.
-- people.role stays for servers of the version before, which read it; this one reads members.role.
DROP INDEX people_email_key;
CREATE UNIQUE INDEX people_email_key ON people (email);
CREATE INDEX people_org_idx ON people (org_id);

CREATE TABLE members (
    org_id TEXT NOT NULL CONSTRAINT members_org_fk REFERENCES organizations (id),
    person_id TEXT NOT NULL CONSTRAINT members_person_fk REFERENCES people (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    suspended_at BIGINT,
    CONSTRAINT members_pk PRIMARY KEY (org_id, person_id)
);
CREATE INDEX members_person_idx ON members (person_id);
-- Whoever administered the only organisation owned the server.
INSERT INTO members (org_id, person_id, role, created_at)
    SELECT org_id, id, CASE WHEN role = 'admin' THEN 'server_admin' ELSE role END, created_at FROM people;

CREATE TABLE person_groups (
    id TEXT NOT NULL CONSTRAINT person_groups_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT person_groups_org_fk REFERENCES organizations (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    parent_id TEXT CONSTRAINT person_groups_parent_fk REFERENCES person_groups (id),
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX person_groups_name_key ON person_groups (org_id, name);
CREATE INDEX person_groups_parent_idx ON person_groups (parent_id);

CREATE TABLE group_members (
    group_id TEXT NOT NULL CONSTRAINT group_members_group_fk REFERENCES person_groups (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT group_members_pk PRIMARY KEY (group_id, person_id),
    CONSTRAINT group_members_member_fk FOREIGN KEY (org_id, person_id) REFERENCES members (org_id, person_id) ON DELETE CASCADE
);
CREATE INDEX group_members_member_idx ON group_members (org_id, person_id);

-- Roles that an organisation made of permissions.
CREATE TABLE custom_roles (
    org_id TEXT NOT NULL CONSTRAINT custom_roles_org_fk REFERENCES organizations (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT custom_roles_pk PRIMARY KEY (org_id, name)
);

-- Roles granted to people, groups and bots, for good or until a day.
CREATE TABLE role_grants (
    id TEXT NOT NULL CONSTRAINT role_grants_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT role_grants_org_fk REFERENCES organizations (id),
    role TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    granted_by TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE UNIQUE INDEX role_grants_subject_key ON role_grants (org_id, subject_kind, subject_id, role);

CREATE TABLE invitations (
    id TEXT NOT NULL CONSTRAINT invitations_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT invitations_org_fk REFERENCES organizations (id),
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    invited_by TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE UNIQUE INDEX invitations_token_key ON invitations (token_hash);
CREATE INDEX invitations_org_idx ON invitations (org_id, email);

-- Whom a bot talks to, where that is narrower than its package says; and who it is for when it is restricted.
CREATE TABLE bot_access (
    bot_id TEXT NOT NULL CONSTRAINT bot_access_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT bot_access_org_fk REFERENCES organizations (id),
    visibility TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX bot_access_org_idx ON bot_access (org_id);

CREATE TABLE bot_readers (
    bot_id TEXT NOT NULL CONSTRAINT bot_readers_bot_fk REFERENCES bot_access (bot_id) ON DELETE CASCADE,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    CONSTRAINT bot_readers_pk PRIMARY KEY (bot_id, subject_kind, subject_id)
);
CREATE INDEX bot_readers_org_idx ON bot_readers (org_id);
