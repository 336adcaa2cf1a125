//! The log of conversations.

#![expect(clippy::ref_option_ref, reason = "Diesel's derive borrows each field of a new row")]

use botlib::{ConversationId, TurnId, wire::MessageType};
use botstate::{
    db::{Connection, DbTime, DbUuid, conversation_events as events},
    on_each,
};
use diesel::prelude::*;

use crate::{
    error::Error,
    model::{Body, Event},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
struct Row {
    seq: i64,
    payload: String,
    turn_id: DbUuid,
    idempotency_key: Option<String>,
    created_at: DbTime,
}

impl TryFrom<Row> for Event {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            seq: row.seq,
            turn: row.turn_id.into(),
            key: row.idempotency_key,
            at: row.created_at.into(),
            body: serde_json::from_str(&row.payload)?,
        })
    }
}

/// An event as it is stored: its body already serialised, so that the writer's thread need not do it.
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) kind: &'static str,
    pub(crate) payload: String,
    pub(crate) turn: TurnId,
    pub(crate) key: Option<String>,
    pub(crate) at: DbTime,
}

impl Entry {
    pub(crate) fn of(event: &Event) -> serde_json::Result<Self> {
        Ok(Self {
            seq: event.seq,
            kind: event.body.kind(),
            payload: serde_json::to_string(&event.body)?,
            turn: event.turn,
            key: event.key.clone(),
            at: event.at.into(),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
struct NewRow<'a> {
    conversation_id: DbUuid,
    seq: i64,
    kind: &'a str,
    payload: &'a str,
    turn_id: DbUuid,
    idempotency_key: Option<&'a str>,
    created_at: DbTime,
}

/// Adds events to a conversation, whose row was written in the same transaction under its tenant.
pub(crate) fn append(conn: &mut Connection, conversation: ConversationId, entries: &[Entry]) -> QueryResult<()> {
    let rows = entries.iter().map(|entry| NewRow {
        conversation_id: conversation.into(),
        seq: entry.seq,
        kind: entry.kind,
        payload: &entry.payload,
        turn_id: entry.turn.into(),
        idempotency_key: entry.key.as_deref(),
        created_at: entry.at,
    });
    match conn {
        // One row a statement: SQLite keeps the statement prepared, and there is no way to the server to save.
        Connection::Sqlite(conn) => {
            for row in rows {
                diesel::insert_into(events::table).values(row).execute(conn)?;
            }
        }
        Connection::Postgres(conn) => {
            let rows: Vec<_> = rows.collect();
            diesel::insert_into(events::table).values(rows).execute(conn)?;
        }
    }
    Ok(())
}

/// Events after `after`, at most `limit`, in order.
pub(crate) fn list_after(
    conn: &mut Connection,
    conversation: ConversationId,
    after: i64,
    limit: i64,
) -> Result<Vec<Event>, Error> {
    let rows: Vec<Row> = on_each!(conn, |conn| events::table
        .filter(
            events::conversation_id
                .eq(DbUuid::from(conversation))
                .and(events::seq.gt(after))
        )
        .order(events::seq)
        .limit(limit)
        .select(Row::as_select())
        .load(conn))?;
    rows.into_iter().map(Event::try_from).collect()
}

/// The recorded parts of a conversation, in order.
pub(crate) fn list_taped(conn: &mut Connection, conversation: ConversationId) -> Result<Vec<Event>, Error> {
    let rows: Vec<Row> = on_each!(conn, |conn| events::table
        .filter(
            events::conversation_id
                .eq(DbUuid::from(conversation))
                .and(events::kind.eq("taped"))
        )
        .order(events::seq)
        .select(Row::as_select())
        .load(conn))?;
    rows.into_iter().map(Event::try_from).collect()
}

/// What was said after `after` and before `before`, at most the last `limit` messages, in order.
pub(crate) fn list_messages(
    conn: &mut Connection,
    conversation: ConversationId,
    after: i64,
    before: i64,
    limit: i64,
) -> Result<Vec<Event>, Error> {
    let mut rows: Vec<Row> = on_each!(conn, |conn| events::table
        .filter(
            events::conversation_id
                .eq(DbUuid::from(conversation))
                .and(events::seq.gt(after))
                .and(events::seq.lt(before))
                .and(events::kind.eq_any(["user_message", "bot_message"])),
        )
        .order(events::seq.desc())
        .limit(limit)
        .select(Row::as_select())
        .load(conn))?;
    rows.reverse();
    rows.into_iter().map(Event::try_from).collect()
}

/// The newest summary of a conversation, with the number up to which it reaches.
pub(crate) fn find_summary(
    conn: &mut Connection,
    conversation: ConversationId,
) -> Result<Option<(String, i64)>, Error> {
    let row: Option<Row> = on_each!(conn, |conn| events::table
        .filter(
            events::conversation_id
                .eq(DbUuid::from(conversation))
                .and(events::kind.eq("summary"))
        )
        .order(events::seq.desc())
        .select(Row::as_select())
        .first(conn)
        .optional())?;
    Ok(row
        .map(Event::try_from)
        .transpose()?
        .and_then(|event| match event.body {
            Body::Summary { content, until } => Some((content, until)),
            _ => None,
        }))
}

/// Events of the turn that a message with `key` began; empty when there was none.
pub(crate) fn list_of_key(conn: &mut Connection, conversation: ConversationId, key: &str) -> Result<Vec<Event>, Error> {
    let id = DbUuid::from(conversation);
    let turn: Option<DbUuid> = on_each!(conn, |conn| events::table
        .filter(events::conversation_id.eq(id).and(events::idempotency_key.eq(key)))
        .select(events::turn_id)
        .first(conn)
        .optional())?;
    match turn {
        Some(turn) => list_of_turn(conn, conversation, turn.into()),
        None => Ok(Vec::new()),
    }
}

/// Events of a turn, in order.
pub(crate) fn list_of_turn(
    conn: &mut Connection,
    conversation: ConversationId,
    turn: TurnId,
) -> Result<Vec<Event>, Error> {
    let rows: Vec<Row> = on_each!(conn, |conn| events::table
        .filter(
            events::conversation_id
                .eq(DbUuid::from(conversation))
                .and(events::turn_id.eq(DbUuid::from(turn)))
        )
        .order(events::seq)
        .select(Row::as_select())
        .load(conn))?;
    rows.into_iter().map(Event::try_from).collect()
}

/// The last message that was written or clicked among the `recent` ones of the person, with its number: runs of
/// tools and messages of other systems are no questions.
pub(crate) fn find_last_question(
    conn: &mut Connection,
    conversation: ConversationId,
    recent: i64,
) -> Result<Option<(i64, String)>, Error> {
    let rows: Vec<Row> = on_each!(conn, |conn| events::table
        .filter(
            events::conversation_id
                .eq(DbUuid::from(conversation))
                .and(events::kind.eq("user_message"))
        )
        .order(events::seq.desc())
        .limit(recent)
        .select(Row::as_select())
        .load(conn))?;
    for row in rows {
        let event = Event::try_from(row)?;
        if let Body::UserMessage {
            content, message_type, ..
        } = event.body
            && [MessageType::User, MessageType::Suggestion]
                .map(MessageType::number)
                .contains(&message_type)
        {
            return Ok(Some((event.seq, content)));
        }
    }
    Ok(None)
}
