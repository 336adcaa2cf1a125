DROP TABLE kb_site_pages;
DROP TABLE kb_sites;
