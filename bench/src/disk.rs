//! What the disk can do: the baselines of durable turns.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_query,
    sql_types::{Double, Text},
};

use crate::number::{float, median};

/// As much as one small commit writes at least.
const PAGE: [u8; 4096] = [7; 4096];
/// Pages that are written over and over, so that the file does not grow.
const PAGES: u64 = 256;

/// The median time of one synchronous write of 4 KiB into `folder`, in milliseconds: the page is on the disk when it
/// returns, and the file is as long as before.
pub(crate) fn synchronous_write(folder: &Path, during: Duration) -> anyhow::Result<f64> {
    let path = folder.join("writes");
    let file = File::create(&path).with_context(|| format!("write {}", path.display()))?;
    for page in 0..PAGES {
        file.write_all_at(&PAGE, page * 4096)?;
    }
    file.sync_all()?;
    let begin = Instant::now();
    let mut times = Vec::new();
    let mut page = 0;
    while begin.elapsed() < during || times.len() < 20 {
        let before = Instant::now();
        file.write_all_at(&PAGE, page * 4096)?;
        file.sync_data()?;
        times.push(before.elapsed().as_secs_f64() * 1000.0);
        page = (page + 1) % PAGES;
    }
    Ok(median(&times))
}

/// Commits a second of one row each, made durable one by one (WAL, `synchronous=FULL`).
pub(crate) fn single_commits(folder: &Path, during: Duration) -> anyhow::Result<f64> {
    let path = folder.join(format!("commits-{}.db", std::process::id()));
    let mut conn = open(&path)?;
    conn.batch_execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, content TEXT NOT NULL)",
    )?;
    let begin = Instant::now();
    let mut commits = 0;
    while begin.elapsed() < during {
        sql_query("INSERT INTO messages (content) VALUES ($1)")
            .bind::<Text, _>("echo hello from 1-1")
            .execute(&mut conn)?;
        commits += 1;
    }
    Ok(float(commits) / begin.elapsed().as_secs_f64())
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = Double)]
    bytes: f64,
}

/// The mean length of what the server's database keeps of a waiting dialog, in bytes.
pub(crate) fn stored_dialog(database: &Path) -> anyhow::Result<f64> {
    let size: Size = sql_query(
        "SELECT COALESCE(AVG(LENGTH(CAST(activities AS BLOB)) + LENGTH(CAST(session AS BLOB))), 0.0) AS bytes
         FROM conversations",
    )
    .get_result(&mut open(database)?)?;
    Ok(size.bytes)
}

fn open(path: &Path) -> anyhow::Result<SqliteConnection> {
    SqliteConnection::establish(&path.display().to_string()).with_context(|| format!("open {}", path.display()))
}
