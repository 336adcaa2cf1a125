//! The schema: the same in both databases, and every step can be undone.

use std::collections::BTreeSet;

use botserver_tests::servers::Postgres;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Tables, columns and whether they may be null; and indices.
const SQLITE_DUMP: &str = "SELECT m.name || '.' || c.name || ' ' || CASE WHEN c.\"notnull\" THEN 'not null' ELSE 'null' END AS line \
    FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' \
    UNION ALL SELECT 'index ' || name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'";
const POSTGRES_DUMP: &str = "SELECT table_name || '.' || column_name || ' ' || CASE WHEN is_nullable = 'NO' THEN 'not null' ELSE 'null' END AS line \
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' \
    UNION ALL SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pk' AND indexname NOT LIKE '\\_\\_%'";

fn lines<C>(conn: &mut C, dump: &str) -> BTreeSet<String>
where
    C: diesel::connection::LoadConnection,
    for<'q> diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'q, C, Line>,
{
    sql_query(dump)
        .load::<Line>(conn)
        .unwrap()
        .into_iter()
        .map(|row| row.line)
        .collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(format!("{FOLDER}/{database}")).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };

    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn every_step_of_sqlite_can_be_undone_and_done_again() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let steps = FileBasedMigrations::from_path(format!("{FOLDER}/sqlite")).unwrap();

    conn.run_pending_migrations(steps.clone()).unwrap();
    let before = lines(&mut conn, SQLITE_DUMP);
    conn.revert_all_migrations(steps.clone()).unwrap();
    let empty = lines(&mut conn, SQLITE_DUMP);
    conn.run_pending_migrations(steps).unwrap();

    assert!(empty.is_empty(), "{empty:?}");
    assert_eq!(lines(&mut conn, SQLITE_DUMP), before);
}

#[test]
fn postgres_has_the_same_tables_columns_and_indices_and_every_step_can_be_undone() {
    let Some(server) = Postgres::shared() else { return };
    let database = server.database();
    let mut postgres = PgConnection::establish(&database.url).unwrap();
    let steps = FileBasedMigrations::from_path(format!("{FOLDER}/postgres")).unwrap();
    let mut sqlite = SqliteConnection::establish(":memory:").unwrap();
    sqlite
        .run_pending_migrations(FileBasedMigrations::from_path(format!("{FOLDER}/sqlite")).unwrap())
        .unwrap();

    postgres.run_pending_migrations(steps.clone()).unwrap();
    let before = lines(&mut postgres, POSTGRES_DUMP);
    postgres.revert_all_migrations(steps.clone()).unwrap();
    let empty = lines(&mut postgres, POSTGRES_DUMP);
    postgres.run_pending_migrations(steps).unwrap();

    assert!(empty.is_empty(), "{empty:?}");
    assert_eq!(lines(&mut postgres, POSTGRES_DUMP), before);
    assert_eq!(before, lines(&mut sqlite, SQLITE_DUMP));
}
