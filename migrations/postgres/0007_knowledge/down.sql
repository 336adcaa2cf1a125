DROP TABLE kb_vectors;
DROP TABLE kb_chunks;
DROP TABLE kb_contents;
DROP TABLE kb_documents;
DROP TABLE kb_collections;
DROP TABLE kb_bots;
