//! Files of conversations: those that people sent, and those that scripts send them.

use botlib::{ConversationId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, conversation_files as files},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

/// Name, media type and bytes of a file.
pub(crate) type Content = (String, String, Vec<u8>);

/// Finds a file of a conversation.
pub(crate) fn find(
    conn: &mut Connection,
    org: OrgId,
    conversation: ConversationId,
    id: Uuid,
) -> QueryResult<Option<Content>> {
    on_each!(conn, |conn| files::table
        .filter(
            files::id
                .eq(DbUuid(id))
                .and(files::org_id.eq(DbUuid::from(org)))
                .and(files::conversation_id.eq(DbUuid::from(conversation))),
        )
        .select((files::name, files::mime, files::content))
        .first(conn)
        .optional())
}

/// Keeps a file for a conversation, once for each id.
pub(crate) fn create(
    conn: &mut Connection,
    org: OrgId,
    conversation: ConversationId,
    id: Uuid,
    (name, mime, content): &Content,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
    on_each!(conn, |conn| diesel::insert_into(files::table)
        .values((
            files::id.eq(DbUuid(id)),
            files::org_id.eq(DbUuid::from(org)),
            files::conversation_id.eq(DbUuid::from(conversation)),
            files::name.eq(name),
            files::mime.eq(mime),
            files::size_bytes.eq(size),
            files::content.eq(content),
            files::created_at.eq(DbTime(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn))
    .map(|_| ())
}
