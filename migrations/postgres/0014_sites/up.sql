-- Websites that a bot reads: each is a collection of its pages, read again when it is due.
CREATE TABLE kb_sites (
    id TEXT NOT NULL CONSTRAINT kb_sites_pk PRIMARY KEY,
    org_id TEXT NOT NULL CONSTRAINT kb_sites_org_fk REFERENCES organizations (id),
    bot_id TEXT NOT NULL,
    url TEXT NOT NULL,
    collection TEXT NOT NULL,
    every_seconds BIGINT,
    next_at BIGINT,
    crawled_at BIGINT,
    error TEXT
);
CREATE UNIQUE INDEX kb_sites_url_key ON kb_sites (org_id, bot_id, url);

-- Pages of a website as they were last seen: what to ask with whether they changed, and where they lead.
CREATE TABLE kb_site_pages (
    site_id TEXT NOT NULL CONSTRAINT kb_site_pages_site_fk REFERENCES kb_sites (id) ON DELETE CASCADE,
    org_id TEXT NOT NULL,
    url TEXT NOT NULL,
    etag TEXT,
    modified TEXT,
    hash TEXT NOT NULL,
    links TEXT NOT NULL,
    CONSTRAINT kb_site_pages_pk PRIMARY KEY (site_id, url)
);
