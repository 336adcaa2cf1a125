//! Rows of passages and their vectors.
//!
//! New passages are written at negative positions, a few at a time, and take their places in one last transaction with
//! the document's state: searches see the old passages or the new ones, never some of both, and no transaction is long.

use std::collections::HashMap;

use botlib::OrgId;
use botstate::{
    db::{Connection, DbJson, DbUuid, kb_chunks, kb_vectors},
    on_each,
};
use diesel::prelude::*;
use uuid::Uuid;

/// Rows of one INSERT: SQLite binds 32,766 values at most.
const BATCH: usize = 64;

/// A passage as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) id: Uuid,
    pub(crate) document: Uuid,
    pub(crate) position: i32,
    pub(crate) page: Option<u32>,
    pub(crate) headings: Vec<String>,
    pub(crate) body: String,
    pub(crate) repeated: usize,
    pub(crate) tokens: usize,
    pub(crate) hash: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = kb_chunks)]
struct Row {
    id: DbUuid,
    document_id: DbUuid,
    position: i32,
    page: Option<i32>,
    headings: DbJson,
    body: String,
    repeated: i32,
    tokens: i32,
    hash: String,
}

#[derive(Insertable)]
#[diesel(table_name = kb_chunks)]
struct NewRow<'a> {
    id: DbUuid,
    org_id: DbUuid,
    document_id: DbUuid,
    collection_id: DbUuid,
    position: i32,
    page: Option<i32>,
    headings: DbJson,
    body: &'a str,
    repeated: i32,
    tokens: i32,
    hash: &'a str,
}

#[derive(Insertable)]
#[diesel(table_name = kb_vectors)]
struct VectorRow<'a> {
    chunk_id: DbUuid,
    embedder: &'a str,
    org_id: DbUuid,
    vector: Vec<u8>,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        let number = |value: i32| usize::try_from(value).unwrap_or_default();
        Self {
            id: row.id.0,
            document: row.document_id.0,
            position: row.position,
            page: row.page.and_then(|page| u32::try_from(page).ok()),
            headings: serde_json::from_value(row.headings.0).unwrap_or_default(),
            body: row.body,
            repeated: number(row.repeated),
            tokens: number(row.tokens),
            hash: row.hash,
        }
    }
}

/// A vector as bytes.
pub(crate) fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A vector from bytes.
pub(crate) fn of_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap_or_default()))
        .collect()
}

/// The passages of a document that are in use, in their order.
pub(crate) fn of_document(conn: &mut Connection, document: Uuid) -> QueryResult<Vec<Stored>> {
    of_documents(conn, &[document])
}

/// The passages of some documents that are in use, in their order.
pub(crate) fn of_documents(conn: &mut Connection, documents: &[Uuid]) -> QueryResult<Vec<Stored>> {
    let chosen = kb_chunks::table.filter(
        kb_chunks::document_id
            .eq_any(documents.iter().copied().map(DbUuid))
            .and(kb_chunks::position.ge(0)),
    );
    let rows: Vec<Row> = on_each!(conn, |conn| chosen
        .order((kb_chunks::document_id, kb_chunks::position))
        .select(Row::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// Passages by their ids, in no order.
pub(crate) fn by_ids(conn: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Stored>> {
    let chosen = kb_chunks::table.filter(kb_chunks::id.eq_any(ids.iter().copied().map(DbUuid)));
    let rows: Vec<Row> = on_each!(conn, |conn| chosen.select(Row::as_select()).load(conn))?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// The passages at these places.
pub(crate) fn at(conn: &mut Connection, places: &[(Uuid, i32)]) -> QueryResult<Vec<Stored>> {
    let mut found = Vec::new();
    for (document, position) in places {
        let own = kb_chunks::table.filter(
            kb_chunks::document_id
                .eq(DbUuid(*document))
                .and(kb_chunks::position.eq(*position)),
        );
        let row: Option<Row> = on_each!(conn, |conn| own.select(Row::as_select()).first(conn).optional())?;
        found.extend(row.map(Stored::from));
    }
    Ok(found)
}

/// Vectors of passages by an embedder.
pub(crate) fn vectors(conn: &mut Connection, embedder: &str, ids: &[Uuid]) -> QueryResult<HashMap<Uuid, Vec<f32>>> {
    let mut found = HashMap::with_capacity(ids.len());
    for some in ids.chunks(1_000) {
        let chosen = kb_vectors::table.filter(
            kb_vectors::chunk_id
                .eq_any(some.iter().copied().map(DbUuid))
                .and(kb_vectors::embedder.eq(embedder)),
        );
        let rows: Vec<(DbUuid, Vec<u8>)> = on_each!(conn, |conn| chosen
            .select((kb_vectors::chunk_id, kb_vectors::vector))
            .load(conn))?;
        found.extend(rows.into_iter().map(|(id, bytes)| (id.0, of_bytes(&bytes))));
    }
    Ok(found)
}

/// Vectors that passages of the collection with these hashes have already, by hash.
pub(crate) fn known_vectors(
    conn: &mut Connection,
    collection: Uuid,
    embedder: &str,
    hashes: &[String],
) -> QueryResult<HashMap<String, Vec<f32>>> {
    let mut found = HashMap::new();
    for some in hashes.chunks(500) {
        let rows: Vec<(String, Vec<u8>)> = on_each!(conn, |conn| kb_chunks::table
            .inner_join(kb_vectors::table.on(kb_vectors::chunk_id.eq(kb_chunks::id)))
            .filter(
                kb_chunks::collection_id
                    .eq(DbUuid(collection))
                    .and(kb_chunks::hash.eq_any(some))
                    .and(kb_vectors::embedder.eq(embedder))
            )
            .select((kb_chunks::hash, kb_vectors::vector))
            .load(conn))?;
        found.extend(rows.into_iter().map(|(hash, bytes)| (hash, of_bytes(&bytes))));
    }
    Ok(found)
}

/// Passages of a collection without a vector by `embedder`, with the titles of their documents: at most `limit`.
pub(crate) fn without_vector(
    conn: &mut Connection,
    collection: Uuid,
    embedder: &str,
    limit: i64,
) -> QueryResult<Vec<(Stored, String)>> {
    use botstate::db::kb_documents;
    use diesel::dsl::{exists, not};
    let rows: Vec<(Row, String)> = on_each!(conn, |conn| kb_chunks::table
        .inner_join(kb_documents::table.on(kb_documents::id.eq(kb_chunks::document_id)))
        .filter(
            kb_chunks::collection_id
                .eq(DbUuid(collection))
                .and(kb_chunks::position.ge(0))
                .and(not(exists(
                    kb_vectors::table.filter(
                        kb_vectors::chunk_id
                            .eq(kb_chunks::id)
                            .and(kb_vectors::embedder.eq(embedder))
                    )
                )))
        )
        .order(kb_chunks::id)
        .limit(limit)
        .select((Row::as_select(), kb_documents::title))
        .load(conn))?;
    Ok(rows
        .into_iter()
        .map(|(row, title)| (Stored::from(row), title))
        .collect())
}

/// Adds passages that are not in use yet, a few at a time.
pub(crate) fn stage(conn: &mut Connection, org: OrgId, collection: Uuid, chunks: &[Stored]) -> QueryResult<()> {
    let number = |value: usize| i32::try_from(value).unwrap_or(i32::MAX);
    for some in chunks.chunks(BATCH) {
        let rows: Vec<NewRow<'_>> = some
            .iter()
            .map(|chunk| NewRow {
                id: DbUuid(chunk.id),
                org_id: org.into(),
                document_id: DbUuid(chunk.document),
                collection_id: DbUuid(collection),
                position: -1 - chunk.position,
                page: chunk.page.and_then(|page| i32::try_from(page).ok()),
                headings: DbJson(serde_json::json!(chunk.headings)),
                body: &chunk.body,
                repeated: number(chunk.repeated),
                tokens: number(chunk.tokens),
                hash: &chunk.hash,
            })
            .collect();
        on_each!(conn, |conn| diesel::insert_into(kb_chunks::table)
            .values(&rows)
            .execute(conn))?;
    }
    Ok(())
}

/// Adds vectors of passages that have none by this embedder.
pub(crate) fn add_vectors(
    conn: &mut Connection,
    org: OrgId,
    embedder: &str,
    vectors: &[(Uuid, Vec<f32>)],
) -> QueryResult<()> {
    for some in vectors.chunks(BATCH) {
        let rows: Vec<VectorRow<'_>> = some
            .iter()
            .map(|(id, vector)| VectorRow {
                chunk_id: DbUuid(*id),
                embedder,
                org_id: org.into(),
                vector: to_bytes(vector),
            })
            .collect();
        on_each!(conn, |conn| diesel::insert_into(kb_vectors::table)
            .values(&rows)
            .execute(conn))?;
    }
    Ok(())
}

/// Forgets vectors of a collection by other embedders than `embedder`.
pub(crate) fn forget_other_vectors(conn: &mut Connection, collection: Uuid, embedder: &str) -> QueryResult<()> {
    let own = || {
        kb_chunks::table
            .filter(kb_chunks::collection_id.eq(DbUuid(collection)))
            .select(kb_chunks::id)
    };
    on_each!(conn, |conn| diesel::delete(
        kb_vectors::table.filter(
            kb_vectors::chunk_id
                .eq_any(own())
                .and(kb_vectors::embedder.ne(embedder))
        )
    )
    .execute(conn))?;
    Ok(())
}

/// Takes away what a run that broke off has staged.
pub(crate) fn unstage(conn: &mut Connection, document: Uuid) -> QueryResult<()> {
    let staged = kb_chunks::table.filter(
        kb_chunks::document_id
            .eq(DbUuid(document))
            .and(kb_chunks::position.lt(0)),
    );
    on_each!(conn, |conn| diesel::delete(staged).execute(conn))?;
    Ok(())
}

/// Puts passages in their places: `order` names all that the document has now, and every other one goes.
pub(crate) fn place(conn: &mut Connection, document: Uuid, order: &[(Uuid, i32)]) -> QueryResult<()> {
    let of_document = || kb_chunks::table.filter(kb_chunks::document_id.eq(DbUuid(document)));
    let known: Vec<(DbUuid, i32)> = on_each!(conn, |conn| of_document()
        .select((kb_chunks::id, kb_chunks::position))
        .load(conn))?;
    let places: HashMap<Uuid, i32> = order.iter().copied().collect();
    let gone: Vec<DbUuid> = known
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| !places.contains_key(&id.0))
        .collect();
    for some in gone.chunks(500) {
        let chosen = kb_chunks::table.filter(kb_chunks::id.eq_any(some));
        on_each!(conn, |conn| diesel::delete(chosen).execute(conn))?;
    }
    if known.iter().all(|(_, position)| *position < 0) {
        // All are new: one statement turns them over.
        on_each!(conn, |conn| diesel::update(of_document())
            .set(kb_chunks::position.eq(kb_chunks::position * -1 - 1))
            .execute(conn))?;
        return Ok(());
    }
    for (id, before) in &known {
        let Some(now) = places.get(&id.0).filter(|now| *now != before) else {
            continue;
        };
        let own = kb_chunks::table.filter(kb_chunks::id.eq(*id));
        on_each!(conn, |conn| diesel::update(own)
            .set(kb_chunks::position.eq(*now))
            .execute(conn))?;
    }
    Ok(())
}

/// Other pages for passages that stay: what comes before them may have grown.
pub(crate) fn set_page(conn: &mut Connection, id: Uuid, page: Option<u32>, repeated: usize) -> QueryResult<()> {
    let own = kb_chunks::table.filter(kb_chunks::id.eq(DbUuid(id)));
    on_each!(conn, |conn| diesel::update(own)
        .set((
            kb_chunks::page.eq(page.and_then(|page| i32::try_from(page).ok())),
            kb_chunks::repeated.eq(i32::try_from(repeated).unwrap_or_default()),
        ))
        .execute(conn))?;
    Ok(())
}
