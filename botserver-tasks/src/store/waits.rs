//! Rows of dialogs that wait for an event.

use botlib::{BotId, ConversationId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, event_waits},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// A dialog that waits.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = event_waits)]
pub(crate) struct Row {
    pub(crate) token: String,
    pub(crate) org_id: DbUuid,
    pub(crate) bot_id: DbUuid,
    /// In lower case.
    pub(crate) event: String,
    pub(crate) conversation_id: DbUuid,
    pub(crate) expires_at: DbTime,
    pub(crate) created_at: DbTime,
}

impl Row {
    pub(crate) fn conversation(&self) -> ConversationId {
        self.conversation_id.into()
    }
}

/// Adds a wait, once.
pub(crate) fn create(conn: &mut Connection, row: &Row) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(event_waits::table)
        .values(row)
        .on_conflict(event_waits::token)
        .do_nothing()
        .execute(conn))?;
    Ok(())
}

/// Takes everyone out who waits for an event of a bot.
pub(crate) fn take(conn: &mut Connection, org: OrgId, bot: BotId, event: &str) -> QueryResult<Vec<Row>> {
    let waiting: Vec<Row> = on_each!(conn, |conn| event_waits::table
        .filter(
            event_waits::org_id
                .eq(DbUuid::from(org))
                .and(event_waits::bot_id.eq(DbUuid::from(bot)))
                .and(event_waits::event.eq(event))
        )
        .select(Row::as_select())
        .load(conn))?;
    for row in &waiting {
        on_each!(conn, |conn| diesel::delete(event_waits::table.find(&row.token))
            .execute(conn))?;
    }
    Ok(waiting)
}

/// Forgets waits whose time is over; their dialogs are woken by a job of their own.
pub(crate) fn sweep(conn: &mut Connection, now: DateTime<Utc>) -> QueryResult<usize> {
    let over = event_waits::table.filter(event_waits::expires_at.lt(DbTime(now)));
    on_each!(conn, |conn| diesel::delete(over).execute(conn))
}

/// Before the name of whoever should approve, in the column of the event.
pub(crate) const APPROVAL: &str = "@approval ";

/// Takes one wait out, if it is still there.
pub(crate) fn take_one(conn: &mut Connection, token: &str) -> QueryResult<Option<Row>> {
    let row: Option<Row> = on_each!(conn, |conn| event_waits::table
        .find(token)
        .select(Row::as_select())
        .first(conn)
        .optional())?;
    if row.is_some() {
        let count = on_each!(conn, |conn| diesel::delete(event_waits::table.find(token))
            .execute(conn))?;
        if count == 0 {
            return Ok(None);
        }
    }
    Ok(row)
}

/// A wait by its token.
pub(crate) fn find(conn: &mut Connection, token: &str) -> QueryResult<Option<Row>> {
    on_each!(conn, |conn| event_waits::table
        .find(token)
        .select(Row::as_select())
        .first(conn)
        .optional())
}

/// Approvals that the organisation's workflows wait for, at most `limit`.
pub(crate) fn list_approvals(conn: &mut Connection, org: OrgId, limit: i64) -> QueryResult<Vec<Row>> {
    on_each!(conn, |conn| event_waits::table
        .filter(
            event_waits::org_id
                .eq(DbUuid::from(org))
                .and(event_waits::event.like(format!("{APPROVAL}%")))
        )
        .order(event_waits::created_at)
        .limit(limit)
        .select(Row::as_select())
        .load(conn))
}
