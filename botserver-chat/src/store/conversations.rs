//! Rows of conversations.

use botlib::{BotId, ConversationId, OrgId, TurnId};
use botstate::{
    db::{Connection, DbTime, DbUuid, conversations},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::{
    backend::Backend,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{BigInt, Nullable, Text},
};

use crate::{
    error::Error,
    model::{Conversation, Owner},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations)]
struct Row {
    id: DbUuid,
    org_id: DbUuid,
    bot_id: DbUuid,
    owner_kind: String,
    owner_id: String,
    last_seq: i64,
    session: String,
    activities: String,
    open_turn: Option<DbUuid>,
}

impl TryFrom<Row> for Conversation {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id.into(),
            org: row.org_id.into(),
            bot: row.bot_id.into(),
            owner: Owner {
                kind: Owner::kind_of(&row.owner_kind),
                id: row.owner_id,
            },
            last_seq: row.last_seq,
            session: serde_json::from_str(&row.session)?,
            activities: serde_json::from_str(&row.activities)?,
            open_turn: row.open_turn.map(TurnId::from),
            is_stored: true,
        })
    }
}

/// Finds a conversation by its id.
pub(crate) fn find(conn: &mut Connection, org: OrgId, id: ConversationId) -> Result<Option<Conversation>, Error> {
    let row: Option<Row> = on_each!(conn, |conn| conversations::table
        .filter(
            conversations::id
                .eq(DbUuid::from(id))
                .and(conversations::org_id.eq(DbUuid::from(org)))
        )
        .select(Row::as_select())
        .first(conn)
        .optional())?;
    row.map(Conversation::try_from).transpose()
}

/// Deletes conversations that bots had with themselves and in which nothing is under way since `before`, the log and
/// files included; at most `limit`.
pub(crate) fn delete_finished(conn: &mut Connection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let ids: Vec<DbUuid> = on_each!(conn, |conn| conversations::table
        .filter(
            conversations::owner_kind
                .eq("bot")
                .and(conversations::activities.eq("[]"))
                .and(conversations::open_turn.is_null())
                .and(conversations::updated_at.lt(DbTime(before)))
        )
        .select(conversations::id)
        .limit(limit)
        .load(conn))?;
    if ids.is_empty() {
        return Ok(0);
    }
    on_each!(conn, |conn| diesel::delete(
        conversations::table.filter(conversations::id.eq_any(&ids))
    )
    .execute(conn))
}

/// What changes in a conversation's row with each step.
pub(crate) struct Advance {
    pub(crate) id: ConversationId,
    /// The sequence number that the row must have, or nobody may write.
    pub(crate) from_seq: i64,
    pub(crate) to_seq: i64,
    pub(crate) session: String,
    pub(crate) activities: String,
    pub(crate) open_turn: Option<TurnId>,
    pub(crate) now: DateTime<Utc>,
}

/// Writes the state after a step; false when somebody else has written since.
pub(crate) fn advance(conn: &mut Connection, org: OrgId, step: &Advance) -> QueryResult<bool> {
    let row = AdvanceRow {
        last_seq: step.to_seq,
        session: &step.session,
        activities: &step.activities,
        open_turn: step.open_turn.map(DbUuid::from),
        updated_at: DbTime(step.now),
        id: step.id.into(),
        org_id: org.into(),
        from_seq: step.from_seq,
    };
    Ok(on_each!(conn, |conn| row.execute(conn))? == 1)
}

/// The statement of [`advance`]. Every turn runs it, and Diesel prepares updates of its own anew each time, since a
/// changeset may leave columns out. This one never does, so that it is prepared once for each connection.
struct AdvanceRow<'a> {
    last_seq: i64,
    session: &'a str,
    activities: &'a str,
    open_turn: Option<DbUuid>,
    updated_at: DbTime,
    id: DbUuid,
    org_id: DbUuid,
    from_seq: i64,
}

impl QueryId for AdvanceRow<'_> {
    type QueryId = AdvanceRow<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<DB> QueryFragment<DB> for AdvanceRow<'_>
where
    DB: Backend,
    i64: ToSql<BigInt, DB>,
    for<'t> &'t str: ToSql<Text, DB>,
    DbTime: ToSql<BigInt, DB>,
    DbUuid: ToSql<Text, DB>,
    Option<DbUuid>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE conversations SET last_seq = ");
        out.push_bind_param::<BigInt, _>(&self.last_seq)?;
        out.push_sql(", session = ");
        out.push_bind_param::<Text, _>(&self.session)?;
        out.push_sql(", activities = ");
        out.push_bind_param::<Text, _>(&self.activities)?;
        out.push_sql(", open_turn = ");
        out.push_bind_param::<Nullable<Text>, _>(&self.open_turn)?;
        out.push_sql(", updated_at = ");
        out.push_bind_param::<BigInt, _>(&self.updated_at)?;
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<Text, _>(&self.id)?;
        out.push_sql(" AND org_id = ");
        out.push_bind_param::<Text, _>(&self.org_id)?;
        out.push_sql(" AND last_seq = ");
        out.push_bind_param::<BigInt, _>(&self.from_seq)
    }
}

impl<Conn> RunQueryDsl<Conn> for AdvanceRow<'_> {}

/// Adds a new conversation's row.
pub(crate) fn create(
    conn: &mut Connection,
    org: OrgId,
    conversation: &Conversation,
    step: &Advance,
) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(conversations::table)
        .values((
            conversations::id.eq(DbUuid::from(conversation.id)),
            conversations::org_id.eq(DbUuid::from(org)),
            conversations::bot_id.eq(DbUuid::from(conversation.bot)),
            conversations::owner_kind.eq(conversation.owner.kind),
            conversations::owner_id.eq(&conversation.owner.id),
            conversations::last_seq.eq(step.to_seq),
            conversations::session.eq(&step.session),
            conversations::activities.eq(&step.activities),
            conversations::open_turn.eq(step.open_turn.map(DbUuid::from)),
            conversations::created_at.eq(DbTime(step.now)),
            conversations::updated_at.eq(DbTime(step.now)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Conversations whose turn has been open without progress since `before`, the oldest first. Recovery works for
/// every tenant, so this is the one query without one.
pub(crate) fn list_unfinished(
    conn: &mut Connection,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Conversation>> {
    let rows: Vec<Row> = on_each!(conn, |conn| conversations::table
        .filter(
            conversations::open_turn
                .is_not_null()
                .and(conversations::updated_at.le(DbTime(before)))
        )
        .order(conversations::updated_at)
        .limit(limit)
        .select(Row::as_select())
        .load(conn))?;
    // One that cannot be read must not keep the others waiting.
    let read = rows.into_iter().filter_map(|row| {
        let id = row.id.0;
        let unread =
            |error: &Error| tracing::error!(conversation.id = %id, %error, "an unfinished turn is left as it is");
        Conversation::try_from(row).inspect_err(unread).ok()
    });
    Ok(read.collect())
}

/// Conversations of people with these bots that changed since `since`, with the moment of their last change, the
/// longest untouched first. Upkeep works for every tenant.
pub(crate) fn list_of_people(
    conn: &mut Connection,
    bots: &[BotId],
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(Conversation, DateTime<Utc>)>, Error> {
    let bots: Vec<DbUuid> = bots.iter().copied().map(DbUuid::from).collect();
    let rows: Vec<(Row, DbTime)> = on_each!(conn, |conn| conversations::table
        .filter(
            conversations::bot_id
                .eq_any(&bots)
                .and(conversations::owner_kind.eq("person"))
                .and(conversations::open_turn.is_null())
                .and(conversations::updated_at.gt(DbTime(since)))
        )
        .order(conversations::updated_at)
        .limit(limit)
        .select((Row::as_select(), conversations::updated_at))
        .load(conn))?;
    rows.into_iter()
        .map(|(row, updated_at)| Ok((Conversation::try_from(row)?, updated_at.0)))
        .collect()
}

/// A page of the owner's conversations, the one that changed last first; of some bots only where those are named.
pub(crate) fn list(
    conn: &mut Connection,
    org: OrgId,
    (owner, bots): (&Owner, Option<&[BotId]>),
    before: Option<(DateTime<Utc>, ConversationId)>,
    limit: i64,
) -> QueryResult<Vec<Summary>> {
    on_each!(conn, |conn| {
        let mut query = conversations::table
            .filter(
                conversations::org_id
                    .eq(DbUuid::from(org))
                    .and(conversations::owner_kind.eq(owner.kind))
                    .and(conversations::owner_id.eq(&owner.id)),
            )
            .order((conversations::updated_at.desc(), conversations::id.desc()))
            .limit(limit)
            .select(Summary::as_select())
            .into_boxed();
        if let Some((moment, id)) = before {
            let (moment, id) = (DbTime(moment), DbUuid::from(id));
            let is_earlier = conversations::updated_at.lt(moment);
            let is_next = conversations::updated_at.eq(moment).and(conversations::id.lt(id));
            query = query.filter(is_earlier.or(is_next));
        }
        if let Some(bots) = bots {
            query = query.filter(conversations::bot_id.eq_any(bots.iter().copied().map(DbUuid::from)));
        }
        query.load(conn)
    })
}

/// A conversation in a list.
#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations)]
pub(crate) struct Summary {
    pub(crate) id: DbUuid,
    pub(crate) bot_id: DbUuid,
    pub(crate) last_seq: i64,
    pub(crate) created_at: DbTime,
    pub(crate) updated_at: DbTime,
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use diesel::connection::{Connection as _, InstrumentationEvent, SimpleConnection};

    use super::*;

    #[test]
    fn state_is_written_by_a_statement_that_is_prepared_once() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        let (org, id) = (OrgId::new(), ConversationId::new());
        conn.batch_execute(&format!(
            "CREATE TABLE conversations (
                id TEXT, org_id TEXT, last_seq BIGINT, session TEXT, activities TEXT, open_turn TEXT, updated_at BIGINT);
            INSERT INTO conversations VALUES ('{id}', '{org}', 0, '', '', 'x', 0)"
        ))
        .unwrap();
        let kept = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&kept);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut conn = Connection::Sqlite(conn);
        let step = |from_seq: i64, open_turn: Option<TurnId>| Advance {
            id,
            from_seq,
            to_seq: from_seq + 3,
            session: format!("after {from_seq}"),
            activities: "[]".to_owned(),
            open_turn,
            now: DateTime::UNIX_EPOCH,
        };

        assert_eq!(advance(&mut conn, org, &step(0, None)), Ok(true));
        assert_eq!(advance(&mut conn, org, &step(0, None)), Ok(false));
        assert_eq!(advance(&mut conn, OrgId::new(), &step(3, None)), Ok(false));
        let turn = TurnId::new();
        assert_eq!(advance(&mut conn, org, &step(3, Some(turn))), Ok(true));
        assert_eq!(kept.load(Ordering::Relaxed), 1);

        let Connection::Sqlite(conn) = &mut conn else {
            unreachable!()
        };
        let row: (i64, String, Option<String>) = conversations::table
            .select((
                conversations::last_seq,
                conversations::session,
                conversations::open_turn,
            ))
            .first(conn)
            .unwrap();
        assert_eq!(row, (6, "after 3".to_owned(), Some(turn.to_string())));
    }
}
