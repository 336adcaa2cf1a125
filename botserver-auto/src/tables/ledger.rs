//! What calls have done already, and changes that wait for scripts.

use botlib::Value;
use botstate::db::Connection;
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    error::Error,
    model::Kind,
    sql::{Place, execute, rows},
    work::Changed,
};

/// How long a result is kept: longer than anybody would try again.
const KEPT: TimeDelta = TimeDelta::days(14);

/// The result of the call that had `key`, if it was committed.
pub(super) fn find(conn: &mut Connection, place: &Place, key: &str) -> Result<Option<Value>, Error> {
    let query = format!(
        "SELECT at AS number, result AS data FROM {} WHERE key = $1",
        place.table("_ledger")
    );
    let found = rows(conn, &query, &[Some(key.to_owned())])?;
    Ok(found.into_iter().next().map(|(_, text)| {
        text.and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }))
}

/// Keeps the result of a call; it commits together with what the call did.
pub(super) fn keep(
    conn: &mut Connection,
    place: &Place,
    key: &str,
    result: &Value,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let text = serde_json::to_string(result).map_err(|error| botstate::db::Error::Statement(error.to_string()))?;
    let statement = format!(
        "INSERT INTO {} (key, result, at) VALUES ($1, $2, {})",
        place.table("_ledger"),
        place.bound(3, Kind::Int)
    );
    let at = now.timestamp_micros();
    execute(
        conn,
        &statement,
        &[Some(key.to_owned()), Some(text), Some(at.to_string())],
    )?;
    Ok(())
}

/// Forgets results that nobody asks for any more.
pub(super) fn prune(conn: &mut Connection, place: &Place, now: DateTime<Utc>) -> Result<usize, Error> {
    let statement = format!(
        "DELETE FROM {} WHERE at < {}",
        place.table("_ledger"),
        place.bound(1, Kind::Int)
    );
    let before = (now - KEPT).timestamp_micros();
    Ok(execute(conn, &statement, &[Some(before.to_string())])?)
}

/// Adds a change to the list; it commits together with the row.
pub(super) fn note(conn: &mut Connection, place: &Place, change: &Changed, now: DateTime<Utc>) -> Result<(), Error> {
    let text = serde_json::to_string(change).map_err(|error| botstate::db::Error::Statement(error.to_string()))?;
    let statement = format!(
        "INSERT INTO {} (data, at) VALUES ($1, {})",
        place.table("_changes"),
        place.bound(2, Kind::Int)
    );
    execute(
        conn,
        &statement,
        &[Some(text), Some(now.timestamp_micros().to_string())],
    )?;
    Ok(())
}

/// Changes after `seq`, the oldest first.
pub(super) fn changes(
    conn: &mut Connection,
    place: &Place,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, Changed, DateTime<Utc>)>, Error> {
    let changes = place.table("_changes");
    let data = if place.postgres {
        "json_build_object('change', data::json, 'at', at)::text"
    } else {
        "json_object('change', json(data), 'at', at)"
    };
    let query = format!(
        "SELECT seq AS number, {data} AS data FROM {changes} WHERE seq > {} ORDER BY seq LIMIT {limit}",
        place.bound(1, Kind::Int)
    );
    let found = rows(conn, &query, &[Some(after.to_string())])?;
    Ok(found
        .into_iter()
        .filter_map(|(seq, text)| {
            let read: Waiting = serde_json::from_str(&text?).ok()?;
            Some((seq, read.change, DateTime::from_timestamp_micros(read.at)?))
        })
        .collect())
}

#[derive(serde::Deserialize)]
struct Waiting {
    change: Changed,
    at: i64,
}

/// Takes a change off the list.
pub(super) fn forget(conn: &mut Connection, place: &Place, seq: i64) -> Result<(), Error> {
    let statement = format!(
        "DELETE FROM {} WHERE seq = {}",
        place.table("_changes"),
        place.bound(1, Kind::Int)
    );
    execute(conn, &statement, &[Some(seq.to_string())])?;
    Ok(())
}
