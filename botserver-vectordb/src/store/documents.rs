//! Rows of documents.

use std::collections::BTreeMap;

use botlib::{BotId, OrgId};
use botstate::{
    db::{Connection, DbJson, DbTime, DbUuid, kb_contents, kb_documents},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::collections::bump;
use crate::model::{Collection, Entry, Origin, State};

#[derive(Queryable, Selectable)]
#[diesel(table_name = kb_documents)]
struct Row {
    id: DbUuid,
    collection_id: DbUuid,
    path: String,
    origin: String,
    title: String,
    media_type: Option<String>,
    language: Option<String>,
    hash: String,
    indexed_hash: Option<String>,
    size_bytes: i64,
    access: String,
    state: String,
    error: Option<String>,
    warnings: DbJson,
    chunks: i32,
    tokens: i64,
    revision: i64,
    created_at: DbTime,
    indexed_at: Option<DbTime>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            collection: row.collection_id.0,
            path: row.path,
            origin: Origin::of(&row.origin),
            title: row.title,
            media_type: row.media_type,
            language: row.language,
            hash: row.hash,
            indexed_hash: row.indexed_hash,
            size: row.size_bytes,
            access: row.access,
            state: State::of(&row.state),
            error: row.error,
            warnings: serde_json::from_value(row.warnings.0).unwrap_or_default(),
            chunks: row.chunks,
            tokens: row.tokens,
            revision: row.revision,
            created_at: row.created_at.0,
            indexed_at: row.indexed_at.map(|time| time.0),
        }
    }
}

/// A document that was put somewhere, to be indexed.
#[derive(Debug, Clone)]
pub(crate) struct Arrival<'a> {
    pub(crate) org: OrgId,
    pub(crate) bot: BotId,
    pub(crate) collection: Uuid,
    pub(crate) path: &'a str,
    pub(crate) origin: Origin,
    pub(crate) title: String,
    pub(crate) hash: &'a str,
    pub(crate) size: i64,
    pub(crate) access: &'a str,
}

/// Every document of a collection, by path.
pub(crate) fn list(conn: &mut Connection, org: OrgId, collection: Uuid) -> QueryResult<Vec<Entry>> {
    let rows: Vec<Row> = on_each!(conn, |conn| kb_documents::table
        .filter(
            kb_documents::org_id
                .eq(DbUuid::from(org))
                .and(kb_documents::collection_id.eq(DbUuid(collection)))
        )
        .order(kb_documents::path)
        .select(Row::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// Who may read documents of a collection that can be found: the keys that stand in their rows, each once.
pub(crate) fn accesses(conn: &mut Connection, org: OrgId, collection: Uuid) -> QueryResult<Vec<String>> {
    on_each!(conn, |conn| kb_documents::table
        .filter(
            kb_documents::org_id
                .eq(DbUuid::from(org))
                .and(kb_documents::collection_id.eq(DbUuid(collection)))
                .and(kb_documents::state.eq(State::Ready.name()))
        )
        .select(kb_documents::access)
        .distinct()
        .load(conn))
}

/// Documents of a collection that can be found and have one of these keys, by path: at most `limit` after `after`.
pub(crate) fn page(
    conn: &mut Connection,
    collection: &Collection,
    accesses: &[String],
    after: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<Entry>> {
    let chosen = kb_documents::table
        .filter(kb_documents::org_id.eq(DbUuid::from(collection.org)))
        .filter(kb_documents::collection_id.eq(DbUuid(collection.id)))
        .filter(kb_documents::state.eq(State::Ready.name()))
        .filter(kb_documents::access.eq_any(accesses))
        .filter(kb_documents::path.gt(after.unwrap_or_default()));
    let rows: Vec<Row> = on_each!(conn, |conn| chosen
        .order(kb_documents::path)
        .limit(limit)
        .select(Row::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// The document at that path of a collection, if it can be found and has one of these keys.
pub(crate) fn find_readable(
    conn: &mut Connection,
    collection: &Collection,
    accesses: &[String],
    path: &str,
) -> QueryResult<Option<Entry>> {
    let chosen = kb_documents::table
        .filter(kb_documents::org_id.eq(DbUuid::from(collection.org)))
        .filter(kb_documents::collection_id.eq(DbUuid(collection.id)))
        .filter(kb_documents::path.eq(path))
        .filter(kb_documents::state.eq(State::Ready.name()))
        .filter(kb_documents::access.eq_any(accesses));
    let row: Option<Row> = on_each!(conn, |conn| chosen.select(Row::as_select()).first(conn).optional())?;
    Ok(row.map(Entry::from))
}

/// The document of a bot with that id.
pub(crate) fn find(conn: &mut Connection, org: OrgId, bot: BotId, id: Uuid) -> QueryResult<Option<Entry>> {
    let own = kb_documents::table.filter(
        kb_documents::id
            .eq(DbUuid(id))
            .and(kb_documents::org_id.eq(DbUuid::from(org)))
            .and(kb_documents::bot_id.eq(DbUuid::from(bot))),
    );
    let row: Option<Row> = on_each!(conn, |conn| own.select(Row::as_select()).first(conn).optional())?;
    Ok(row.map(Entry::from))
}

/// The document at that path of a collection.
pub(crate) fn find_path(conn: &mut Connection, collection: Uuid, path: &str) -> QueryResult<Option<Entry>> {
    let own = kb_documents::table.filter(
        kb_documents::collection_id
            .eq(DbUuid(collection))
            .and(kb_documents::path.eq(path)),
    );
    let row: Option<Row> = on_each!(conn, |conn| own.select(Row::as_select()).first(conn).optional())?;
    Ok(row.map(Entry::from))
}

/// Puts a document where it belongs, in place of the one at its path; false when it is there already as it is.
pub(crate) fn put(conn: &mut Connection, arrival: &Arrival<'_>, now: DateTime<Utc>) -> QueryResult<(Uuid, bool)> {
    if let Some(known) = find_path(conn, arrival.collection, arrival.path)? {
        if known.hash == arrival.hash {
            return Ok((known.id, false));
        }
        on_each!(conn, |conn| diesel::update(
            kb_documents::table.filter(kb_documents::id.eq(DbUuid(known.id)))
        )
        .set((
            kb_documents::hash.eq(arrival.hash),
            kb_documents::origin.eq(arrival.origin.name()),
            kb_documents::size_bytes.eq(arrival.size),
            kb_documents::state.eq(State::Waiting.name()),
            kb_documents::updated_at.eq(DbTime(now)),
        ))
        .execute(conn))?;
        return Ok((known.id, true));
    }
    let id = Uuid::now_v7();
    let values = (
        kb_documents::id.eq(DbUuid(id)),
        kb_documents::org_id.eq(DbUuid::from(arrival.org)),
        kb_documents::bot_id.eq(DbUuid::from(arrival.bot)),
        kb_documents::collection_id.eq(DbUuid(arrival.collection)),
        kb_documents::path.eq(arrival.path),
        kb_documents::origin.eq(arrival.origin.name()),
        kb_documents::title.eq(&arrival.title),
        kb_documents::hash.eq(arrival.hash),
        kb_documents::size_bytes.eq(arrival.size),
        kb_documents::access.eq(arrival.access),
        kb_documents::state.eq(State::Waiting.name()),
        kb_documents::warnings.eq("[]"),
        (
            kb_documents::chunks.eq(0),
            kb_documents::tokens.eq(0_i64),
            kb_documents::revision.eq(0_i64),
            kb_documents::created_at.eq(DbTime(now)),
            kb_documents::updated_at.eq(DbTime(now)),
        ),
    );
    on_each!(conn, |conn| diesel::insert_into(kb_documents::table)
        .values(values)
        .execute(conn))?;
    Ok((id, true))
}

/// Keeps the bytes of a document that is in no package.
pub(crate) fn keep_content(conn: &mut Connection, org: OrgId, document: Uuid, content: &[u8]) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(kb_contents::table)
        .values((
            kb_contents::document_id.eq(DbUuid(document)),
            kb_contents::org_id.eq(DbUuid::from(org)),
            kb_contents::content.eq(content),
        ))
        .on_conflict(kb_contents::document_id)
        .do_update()
        .set(kb_contents::content.eq(content))
        .execute(conn))?;
    Ok(())
}

/// The bytes of a document that is in no package.
pub(crate) fn content(conn: &mut Connection, org: OrgId, document: Uuid) -> QueryResult<Option<Vec<u8>>> {
    on_each!(conn, |conn| kb_contents::table
        .filter(
            kb_contents::document_id
                .eq(DbUuid(document))
                .and(kb_contents::org_id.eq(DbUuid::from(org)))
        )
        .select(kb_contents::content)
        .first(conn)
        .optional())
}

/// Takes documents of a collection away with all that was made of them.
pub(crate) fn delete(conn: &mut Connection, org: OrgId, collection: Uuid, ids: &[Uuid]) -> QueryResult<usize> {
    let mut count = 0;
    for some in ids.chunks(500) {
        let own = kb_documents::table.filter(
            kb_documents::org_id
                .eq(DbUuid::from(org))
                .and(kb_documents::collection_id.eq(DbUuid(collection)))
                .and(kb_documents::id.eq_any(some.iter().copied().map(DbUuid))),
        );
        count += on_each!(conn, |conn| diesel::delete(own).execute(conn))?;
    }
    if count > 0 {
        bump(conn, collection)?;
    }
    Ok(count)
}

/// The document of a bot that has waited longest.
pub(crate) fn next_waiting(conn: &mut Connection, org: OrgId, bot: BotId) -> QueryResult<Option<Entry>> {
    let waiting = kb_documents::table.filter(
        kb_documents::org_id
            .eq(DbUuid::from(org))
            .and(kb_documents::bot_id.eq(DbUuid::from(bot)))
            .and(kb_documents::state.eq(State::Waiting.name())),
    );
    let row: Option<Row> = on_each!(conn, |conn| waiting
        .order((kb_documents::updated_at, kb_documents::path))
        .select(Row::as_select())
        .first(conn)
        .optional())?;
    Ok(row.map(Entry::from))
}

/// Documents of a bot by state.
pub(crate) fn count_by_state(conn: &mut Connection, org: OrgId, bot: BotId) -> QueryResult<BTreeMap<String, i64>> {
    use diesel::dsl::count_star;
    let rows: Vec<(String, i64)> = on_each!(conn, |conn| kb_documents::table
        .filter(
            kb_documents::org_id
                .eq(DbUuid::from(org))
                .and(kb_documents::bot_id.eq(DbUuid::from(bot)))
        )
        .group_by(kb_documents::state)
        .select((kb_documents::state, count_star()))
        .load(conn))?;
    Ok(rows.into_iter().collect())
}

/// Lets documents be indexed again.
pub(crate) fn wait_again(conn: &mut Connection, ids: &[Uuid], now: DateTime<Utc>) -> QueryResult<()> {
    for some in ids.chunks(500) {
        let chosen = kb_documents::table.filter(kb_documents::id.eq_any(some.iter().copied().map(DbUuid)));
        on_each!(conn, |conn| diesel::update(chosen)
            .set((
                kb_documents::state.eq(State::Waiting.name()),
                kb_documents::updated_at.eq(DbTime(now)),
            ))
            .execute(conn))?;
    }
    Ok(())
}

/// Other readers for a document; those who search see it at once.
pub(crate) fn set_access(conn: &mut Connection, entry: &Entry, access: &str) -> QueryResult<()> {
    let revision = bump(conn, entry.collection)?;
    let own = kb_documents::table.filter(kb_documents::id.eq(DbUuid(entry.id)));
    on_each!(conn, |conn| diesel::update(own)
        .set((kb_documents::access.eq(access), kb_documents::revision.eq(revision)))
        .execute(conn))?;
    Ok(())
}

/// What became of a document that was indexed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) title: String,
    pub(crate) media_type: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) chunks: i32,
    pub(crate) tokens: i64,
}

/// Notes what became of a document, unless other bytes came meanwhile.
pub(crate) fn settle(
    conn: &mut Connection,
    entry: &Entry,
    state: State,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let revision = bump(conn, entry.collection)?;
    let own = kb_documents::table.filter(
        kb_documents::id
            .eq(DbUuid(entry.id))
            .and(kb_documents::hash.eq(&entry.hash)),
    );
    let warnings = serde_json::json!(outcome.warnings).to_string();
    let count = on_each!(conn, |conn| diesel::update(own)
        .set((
            kb_documents::title.eq(&outcome.title),
            kb_documents::media_type.eq(&outcome.media_type),
            kb_documents::language.eq(&outcome.language),
            kb_documents::indexed_hash.eq(&entry.hash),
            kb_documents::state.eq(state.name()),
            kb_documents::error.eq(&outcome.error),
            kb_documents::warnings.eq(&warnings),
            kb_documents::chunks.eq(outcome.chunks),
            kb_documents::tokens.eq(outcome.tokens),
            kb_documents::revision.eq(revision),
            kb_documents::updated_at.eq(DbTime(now)),
            kb_documents::indexed_at.eq(DbTime(now)),
        ))
        .execute(conn))?;
    Ok(count == 1)
}

/// Documents of a collection.
pub(crate) fn count(conn: &mut Connection, collection: Uuid) -> QueryResult<usize> {
    let own = kb_documents::table.filter(kb_documents::collection_id.eq(DbUuid(collection)));
    let count: i64 = on_each!(conn, |conn| own.count().get_result(conn))?;
    Ok(usize::try_from(count).unwrap_or_default())
}
