-- What bots know from documents. A bot's row holds who may read what, and counts changes.
CREATE TABLE kb_bots (
    bot_id TEXT NOT NULL CONSTRAINT kb_bots_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT kb_bots_org_fk REFERENCES organizations (id),
    permissions TEXT,
    permissions_error TEXT,
    version BIGINT NOT NULL
);

CREATE INDEX kb_bots_org_idx ON kb_bots (org_id);

-- Folders of documents that are searched together. The embedder is the one whose vectors are complete.
CREATE TABLE kb_collections (
    id TEXT NOT NULL CONSTRAINT kb_collections_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT kb_collections_org_fk REFERENCES organizations (id),
    bot_id TEXT NOT NULL,
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    embedder TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX kb_collections_name_key ON kb_collections (org_id, bot_id, name);

-- Documents: the hash is that of their bytes, the revision counts what was indexed of them.
CREATE TABLE kb_documents (
    id TEXT NOT NULL CONSTRAINT kb_documents_pk PRIMARY KEY,
    org_id TEXT NOT NULL,
    bot_id TEXT NOT NULL,
    collection_id TEXT NOT NULL CONSTRAINT kb_documents_collection_fk REFERENCES kb_collections (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    origin TEXT NOT NULL,
    title TEXT NOT NULL,
    media_type TEXT,
    language TEXT,
    hash TEXT NOT NULL,
    indexed_hash TEXT,
    size_bytes BIGINT NOT NULL,
    access TEXT NOT NULL,
    state TEXT NOT NULL,
    error TEXT,
    warnings TEXT NOT NULL,
    chunks INTEGER NOT NULL,
    tokens BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    indexed_at BIGINT
);
CREATE UNIQUE INDEX kb_documents_path_key ON kb_documents (collection_id, path);
CREATE INDEX kb_documents_waiting_idx ON kb_documents (bot_id, updated_at) WHERE state = 'waiting';

-- Bytes of documents that are in no package.
CREATE TABLE kb_contents (
    document_id TEXT NOT NULL CONSTRAINT kb_contents_pk PRIMARY KEY
        CONSTRAINT kb_contents_document_fk REFERENCES kb_documents (id) ON DELETE CASCADE,
    org_id TEXT NOT NULL,
    content BYTEA NOT NULL
);

-- Passages of documents, in their order; those at negative positions are not in use yet. What repeats the end of the
-- one before is so many bytes long.
CREATE TABLE kb_chunks (
    id TEXT NOT NULL CONSTRAINT kb_chunks_pk PRIMARY KEY,
    org_id TEXT NOT NULL,
    document_id TEXT NOT NULL CONSTRAINT kb_chunks_document_fk REFERENCES kb_documents (id) ON DELETE CASCADE,
    collection_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    page INTEGER,
    headings TEXT NOT NULL,
    body TEXT NOT NULL,
    repeated INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX kb_chunks_position_idx ON kb_chunks (document_id, position);
CREATE INDEX kb_chunks_hash_idx ON kb_chunks (collection_id, hash);

-- Vectors of passages: little-endian 32 bit floats.
CREATE TABLE kb_vectors (
    chunk_id TEXT NOT NULL CONSTRAINT kb_vectors_chunk_fk REFERENCES kb_chunks (id) ON DELETE CASCADE,
    embedder TEXT NOT NULL,
    org_id TEXT NOT NULL,
    vector BYTEA NOT NULL,
    CONSTRAINT kb_vectors_pk PRIMARY KEY (chunk_id, embedder)
);
