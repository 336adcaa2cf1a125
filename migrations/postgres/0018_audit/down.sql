DROP TABLE audit_entries;
DROP TABLE audit_chains;
DROP TABLE audit_acts;
DROP FUNCTION audit_entries_stay;
DROP FUNCTION audit_entries_are_fixed;
