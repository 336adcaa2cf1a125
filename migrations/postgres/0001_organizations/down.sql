DROP TABLE organizations;
DROP TABLE server_keys;
