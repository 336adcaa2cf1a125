//! How connections are opened.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use botlib::Secret;

use super::{Connection, Error, OpenError};

/// `FULL` syncs the log at each commit, so that an acknowledged write outlives the machine's power.
const WRITER: &str = "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;";
const READER: &str = "PRAGMA busy_timeout = 2000; PRAGMA query_only = ON; PRAGMA cache_size = -1000;";

/// Opens the file for writing; makes it and its folder when they are missing.
pub(super) fn sqlite_writer(path: &Path) -> Result<Connection, OpenError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| file_error(path, &error))?;
    }
    sqlite(path, WRITER)
}

/// Opens the file for reading.
pub(super) fn sqlite_reader(path: &Path) -> Result<Connection, OpenError> {
    sqlite(path, READER)
}

/// How long others that make or migrate a database are waited for.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// Opens the file for writing while others may make it or hold it.
pub(super) fn sqlite_patient(path: &Path) -> Result<Connection, OpenError> {
    let deadline = Instant::now() + PATIENCE;
    let mut conn = loop {
        // Of several that make the file at once SQLite lets one, and tells the others without a wait that it is locked.
        match sqlite_writer(path) {
            Err(error) if error.to_string().contains("database is locked") && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            opened => break opened?,
        }
    };
    conn.batch(&format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis()))
        .map_err(|error| file_error(path, &error))?;
    Ok(conn)
}

fn sqlite(path: &Path, pragmas: &str) -> Result<Connection, OpenError> {
    let mut conn = Connection::sqlite(&path.display().to_string()).map_err(|error| file_error(path, &error))?;
    conn.batch(pragmas).map_err(|error| file_error(path, &error))?;
    Ok(conn)
}

/// What libpq is told beside the URL: a bounded wait for the connection, and dead peers are noticed.
const SERVER: &str =
    "connect_timeout=2&keepalives_idle=5&keepalives_interval=2&keepalives_count=3&tcp_user_timeout=5000";

/// Connects to the server; statements end after `timeout`, and waits for others' locks after half of it, so that one
/// does not keep everybody of its transaction waiting for too long.
pub(super) fn postgres(url: &Secret, timeout: Duration) -> Result<Connection, Error> {
    let mut conn = postgres_patient(url).map_err(Error::Unavailable)?;
    let (statement, lock) = (timeout.as_millis(), (timeout / 2).as_millis());
    conn.batch(&format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
        SET idle_in_transaction_session_timeout = 10000"
    ))?;
    Ok(conn)
}

/// Connects to the server for statements that may take long; the reason in one line when that fails.
pub(super) fn postgres_patient(url: &Secret) -> Result<Connection, String> {
    let (address, wishes) = url.expose().split_once('?').unwrap_or((url.expose(), ""));
    // Of two values libpq takes the second, so what the URL says wins.
    Connection::postgres(format!("{address}?{SERVER}&{wishes}").trim_end_matches('&'))
        .map_err(|error| one_line(&error.to_string()))
}

/// What libpq says, a line for each address that it tried, without its advice.
fn one_line(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('\t') && !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}

fn file_error(path: &Path, error: &dyn std::fmt::Display) -> OpenError {
    OpenError::File {
        path: path.display().to_string(),
        reason: error.to_string(),
    }
}
