DROP TABLE prompt_uses;
DROP TABLE prompt_versions;
