//! Brings the schema up to date at start: under a lock, all or nothing, after a backup of the file.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use botlib::Secret;
use diesel::{
    Connection as _, RunQueryDsl,
    migration::{MigrationSource, MigrationVersion},
    sql_types::Bool,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Connection, OpenError, open};
use crate::{config::DatabaseUrl, on_each};

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// Any number that other programs on the same server do not use for their advisory locks.
const LOCK: i64 = 0x626f_7473_6572_7665;

/// A step of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration(pub String);

/// What was done to the schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// Steps that were taken.
    pub applied: Vec<Migration>,
    /// Where the file as it was before lies.
    pub backup: Option<PathBuf>,
}

pub(super) fn run(url: &DatabaseUrl) -> Result<MigrationReport, OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) => run_sqlite(path),
        DatabaseUrl::Postgres(url) => run_postgres(url),
    }
}

fn run_sqlite(path: &Path) -> Result<MigrationReport, OpenError> {
    let mut conn = open::sqlite_patient(path)?;
    let Connection::Sqlite(sqlite) = &mut conn else {
        return Ok(MigrationReport::default());
    };
    applied(sqlite, || SQLITE)?;
    let is_behind = sqlite.has_pending_migration(SQLITE);
    if !is_behind.map_err(|error| failed("list", &error))? {
        return Ok(MigrationReport::default());
    }
    // Of several starts at once one gets the file, and the others find nothing left to do.
    sqlite.immediate_transaction(|conn| {
        let before = applied(conn, || SQLITE)?;
        let is_behind = conn.has_pending_migration(SQLITE);
        if !is_behind.map_err(|error| failed("list", &error))? {
            return Ok(MigrationReport::default());
        }
        let backup = before.first().map(|last| backup(path, last)).transpose()?;
        let applied = run_pending(conn, || SQLITE)?;
        Ok(MigrationReport { applied, backup })
    })
}

/// Writes the file as it is beside it, on a connection of its own, because a backup cannot be made inside a transaction.
fn backup(path: &Path, last: &MigrationVersion<'_>) -> Result<PathBuf, OpenError> {
    let mut conn = open::sqlite_patient(path)?;
    let backup = path.with_extension(format!("before-{last}.bak"));
    // A backup of the same state may be there from a start that was interrupted.
    let _ = std::fs::remove_file(&backup);
    let sql = diesel::sql_query("VACUUM INTO $1").bind::<diesel::sql_types::Text, _>(backup.display().to_string());
    on_each!(&mut conn, |conn| sql.execute(conn).map(drop)).map_err(|error| OpenError::File {
        path: backup.display().to_string(),
        reason: error.to_string(),
    })?;
    Ok(backup)
}

fn run_postgres(url: &Secret) -> Result<MigrationReport, OpenError> {
    let mut conn = open::postgres_patient(url).map_err(OpenError::Server)?;
    let Connection::Postgres(postgres) = &mut conn else {
        return Ok(MigrationReport::default());
    };
    lock(postgres)?;
    let applied = postgres.transaction(|conn| run_pending(conn, || POSTGRES))?;
    // The lock goes with the connection.
    Ok(MigrationReport { applied, backup: None })
}

/// Runs what is missing, in the caller's transaction: all of it or nothing.
fn run_pending<C>(conn: &mut C, steps: Steps) -> Result<Vec<Migration>, OpenError>
where
    C: MigrationHarness<C::Backend> + diesel::Connection,
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    applied(conn, steps)?;
    let pending: Vec<Pending<C::Backend>> = conn
        .pending_migrations(steps())
        .map_err(|error| failed("list", &error))?;
    let run = |migration: Pending<C::Backend>| {
        let name = migration.name().to_string();
        let ran = conn.run_migration(&*migration);
        ran.map_err(|error| failed(&name, &error)).map(|_| Migration(name))
    };
    pending.into_iter().map(run).collect()
}

/// Gives the steps of a database.
type Steps = fn() -> EmbeddedMigrations;

/// A step that the database lacks.
type Pending<DB> = Box<dyn diesel::migration::Migration<DB>>;

/// The versions that the database has, the last one first, all of which this server knows.
fn applied<C>(conn: &mut C, steps: Steps) -> Result<Vec<MigrationVersion<'static>>, OpenError>
where
    C: MigrationHarness<C::Backend> + diesel::Connection,
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    let applied = conn.applied_migrations().map_err(|error| failed("list", &error))?;
    refuse_newer(&applied, &known::<C::Backend>(&steps()))?;
    Ok(applied)
}

#[derive(diesel::QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

fn lock(conn: &mut diesel::PgConnection) -> Result<(), OpenError> {
    let begin = Instant::now();
    loop {
        let row: Locked = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS locked")
            .bind::<diesel::sql_types::BigInt, _>(LOCK)
            .get_result(conn)
            .map_err(|error| OpenError::Server(error.to_string()))?;
        if row.locked {
            return Ok(());
        }
        if begin.elapsed() > open::PATIENCE {
            return Err(OpenError::Locked(open::PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn known<DB: diesel::backend::Backend>(source: &EmbeddedMigrations) -> Vec<String>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let migrations = MigrationSource::<DB>::migrations(source).unwrap_or_default();
    migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect()
}

fn refuse_newer(applied: &[MigrationVersion<'static>], known: &[String]) -> Result<(), OpenError> {
    match applied
        .iter()
        .map(ToString::to_string)
        .find(|version| !known.contains(version))
    {
        Some(version) => Err(OpenError::TooNew(version)),
        None => Ok(()),
    }
}

fn failed(name: &str, error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Migration {
        name: name.to_owned(),
        reason: error.to_string(),
    }
}
