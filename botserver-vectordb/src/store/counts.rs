//! What documents take, for statistics.

use botlib::OrgId;
use botstate::{
    db::{Connection, DbUuid, kb_chunks, kb_documents, kb_vectors},
    on_each,
};
use diesel::{dsl::count_star, prelude::*};
use uuid::Uuid;

/// Passages of some documents that have a vector, and how many vectors there are in all.
pub(crate) fn vectors(conn: &mut Connection, org: OrgId, documents: &[Uuid]) -> QueryResult<i64> {
    let mut count = 0;
    for some in documents.chunks(500) {
        let chosen = kb_vectors::table
            .inner_join(kb_chunks::table.on(kb_chunks::id.eq(kb_vectors::chunk_id)))
            .inner_join(kb_documents::table.on(kb_documents::id.eq(kb_chunks::document_id)))
            .filter(
                kb_vectors::org_id
                    .eq(DbUuid::from(org))
                    .and(kb_documents::id.eq_any(some.iter().copied().map(DbUuid)))
                    .and(kb_chunks::position.ge(0)),
            );
        let some: i64 = on_each!(conn, |conn| chosen.select(count_star()).get_result(conn))?;
        count += some;
    }
    Ok(count)
}
