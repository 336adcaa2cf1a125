-- Tenants, and keys that the server makes for itself.
CREATE TABLE server_keys (
    name TEXT NOT NULL CONSTRAINT server_keys_pk PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE organizations (
    id TEXT NOT NULL CONSTRAINT organizations_pk PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
