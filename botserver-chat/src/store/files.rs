//! Files that people sent.

use botlib::{ConversationId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, conversation_files as files},
    on_each,
};
use diesel::prelude::*;
use uuid::Uuid;

/// A file with its bytes.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = files)]
pub(crate) struct File {
    pub(crate) id: DbUuid,
    pub(crate) org_id: DbUuid,
    pub(crate) conversation_id: DbUuid,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) size_bytes: i64,
    pub(crate) content: Vec<u8>,
    pub(crate) created_at: DbTime,
}

/// Keeps a file.
pub(crate) fn create(conn: &mut Connection, file: &File) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(files::table)
        .values(file)
        .execute(conn))
    .map(|_| ())
}

/// Finds a file of a conversation.
pub(crate) fn find(
    conn: &mut Connection,
    org: OrgId,
    conversation: ConversationId,
    id: Uuid,
) -> QueryResult<Option<File>> {
    on_each!(conn, |conn| files::table
        .filter(
            files::id
                .eq(DbUuid(id))
                .and(files::org_id.eq(DbUuid::from(org)))
                .and(files::conversation_id.eq(DbUuid::from(conversation))),
        )
        .select(File::as_select())
        .first(conn)
        .optional())
}
