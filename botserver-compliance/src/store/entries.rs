//! Sealed entries.

use botlib::OrgId;
use botstate::{
    db::{Connection, DbTime, DbUuid, audit_entries},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::chain::Entry;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_entries)]
struct Row {
    org_id: String,
    seq: i64,
    id: String,
    at: i64,
    actor: String,
    action: String,
    object: String,
    outcome: String,
    request: String,
    detail: Option<String>,
    salt: Option<String>,
    detail_hash: String,
    hash: String,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            org: row.org_id,
            seq: row.seq,
            id: row.id,
            at: row.at,
            actor: row.actor,
            action: row.action,
            object: row.object,
            outcome: row.outcome,
            request: row.request,
            detail: row.detail,
            salt: row.salt,
            detail_hash: row.detail_hash,
            hash: row.hash,
        }
    }
}

impl From<Entry> for Row {
    fn from(entry: Entry) -> Self {
        Self {
            org_id: entry.org,
            seq: entry.seq,
            id: entry.id,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            object: entry.object,
            outcome: entry.outcome,
            request: entry.request,
            detail: entry.detail,
            salt: entry.salt,
            detail_hash: entry.detail_hash,
            hash: entry.hash,
        }
    }
}

/// What a list is about; an absent field is about all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) actor: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) object: Option<String>,
}

/// Adds entries.
pub(crate) fn insert(conn: &mut Connection, entries: Vec<Entry>) -> QueryResult<()> {
    let rows: Vec<Row> = entries.into_iter().map(Row::from).collect();
    on_each!(conn, |conn| diesel::insert_into(audit_entries::table)
        .values(&rows)
        .execute(conn))?;
    Ok(())
}

/// Entries `first..end` of an organisation, in order.
pub(crate) fn range(conn: &mut Connection, org_id: &str, first: i64, end: i64) -> QueryResult<Vec<Entry>> {
    let rows: Vec<Row> = on_each!(conn, |conn| audit_entries::table
        .filter(
            audit_entries::org_id
                .eq(org_id)
                .and(audit_entries::seq.ge(first))
                .and(audit_entries::seq.lt(end))
        )
        .order(audit_entries::seq)
        .select(Row::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// The hash of one entry.
pub(crate) fn hash_of(conn: &mut Connection, org_id: &str, seq: i64) -> QueryResult<Option<String>> {
    on_each!(conn, |conn| audit_entries::table
        .find((org_id, seq))
        .select(audit_entries::hash)
        .first(conn)
        .optional())
}

/// The number of the last entry that is stored, whatever the chain says.
pub(crate) fn last_stored(conn: &mut Connection, org_id: &str) -> QueryResult<Option<i64>> {
    on_each!(conn, |conn| audit_entries::table
        .filter(audit_entries::org_id.eq(org_id))
        .order(audit_entries::seq.desc())
        .select(audit_entries::seq)
        .first(conn)
        .optional())
}

/// The newest entries before `before`, the newest first.
pub(crate) fn page(
    conn: &mut Connection,
    org: OrgId,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Entry>> {
    let rows: Vec<Row> = on_each!(conn, |conn| {
        let mut query = audit_entries::table
            .filter(audit_entries::org_id.eq(DbUuid::from(org)))
            .into_boxed();
        if let Some(actor) = &filter.actor {
            query = query.filter(audit_entries::actor.eq(actor));
        }
        if let Some(action) = &filter.action {
            query = query.filter(audit_entries::action.eq(action));
        }
        if let Some(object) = &filter.object {
            query = query.filter(audit_entries::object.eq(object));
        }
        if let Some(before) = before {
            query = query.filter(audit_entries::seq.lt(before));
        }
        query
            .order(audit_entries::seq.desc())
            .limit(limit)
            .select(Row::as_select())
            .load(conn)
    })?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// The first entry from `first` on that happened at `moment` or later.
pub(crate) fn first_since(
    conn: &mut Connection,
    org_id: &str,
    first: i64,
    moment: DateTime<Utc>,
) -> QueryResult<Option<i64>> {
    on_each!(conn, |conn| audit_entries::table
        .filter(
            audit_entries::org_id
                .eq(org_id)
                .and(audit_entries::seq.ge(first))
                .and(audit_entries::at.ge(DbTime(moment)))
        )
        .order(audit_entries::seq)
        .select(audit_entries::seq)
        .first(conn)
        .optional())
}

/// Deletes entries before `seq`, which the chain must not hold any more.
pub(crate) fn delete_before(conn: &mut Connection, org_id: &str, seq: i64) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::delete(
        audit_entries::table.filter(audit_entries::org_id.eq(org_id).and(audit_entries::seq.lt(seq)))
    )
    .execute(conn))?;
    Ok(())
}
