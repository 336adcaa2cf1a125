//! Rows of schedules.

use botlib::{BotId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, schedules},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

/// The package declares it: it goes when the declaration goes.
pub(crate) const DECLARED: &str = "declared";
/// A script made it.
pub(crate) const MADE: &str = "made";

/// ADD BOT made it, for a bot that is a guest in a conversation.
pub(crate) const GUEST: &str = "guest";

/// A schedule as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = schedules)]
pub(crate) struct Row {
    pub(crate) id: DbUuid,
    pub(crate) org_id: DbUuid,
    pub(crate) bot_id: DbUuid,
    pub(crate) unique_key: String,
    pub(crate) origin: String,
    pub(crate) script: String,
    pub(crate) rule: String,
    pub(crate) zone: String,
    pub(crate) args: String,
    pub(crate) conversation_id: Option<DbUuid>,
    pub(crate) next_at: Option<DbTime>,
    pub(crate) last_at: Option<DbTime>,
    pub(crate) created_at: DbTime,
}

/// Adds a schedule, or changes the one with its key.
pub(crate) fn put(conn: &mut Connection, row: &Row) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(schedules::table)
        .values(row)
        .on_conflict((schedules::org_id, schedules::bot_id, schedules::unique_key))
        .do_update()
        .set((
            schedules::origin.eq(&row.origin),
            schedules::rule.eq(&row.rule),
            schedules::zone.eq(&row.zone),
            schedules::args.eq(&row.args),
            schedules::conversation_id.eq(row.conversation_id),
            schedules::next_at.eq(row.next_at),
        ))
        .execute(conn))?;
    Ok(())
}

/// Schedules that are due.
pub(crate) fn list_due(conn: &mut Connection, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<Row>> {
    on_each!(conn, |conn| schedules::table
        .filter(schedules::next_at.assume_not_null().le(DbTime(now)))
        .order(schedules::next_at)
        .limit(limit)
        .select(Row::as_select())
        .load(conn))
}

/// When the next schedule is due.
pub(crate) fn next_due(conn: &mut Connection) -> QueryResult<Option<DateTime<Utc>>> {
    let next: Option<DbTime> = on_each!(conn, |conn| schedules::table
        .filter(schedules::next_at.is_not_null())
        .order(schedules::next_at)
        .select(schedules::next_at.assume_not_null())
        .first(conn)
        .optional())?;
    Ok(next.map(|time| time.0))
}

/// Moves a schedule from one run to the next; false when another node has done it. One that has no next run goes.
pub(crate) fn advance(
    conn: &mut Connection,
    row: &Row,
    next: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let Some(due) = row.next_at else { return Ok(false) };
    let same = schedules::table.filter(
        schedules::id
            .eq(row.id)
            .and(schedules::next_at.assume_not_null().eq(due)),
    );
    let count = match next {
        Some(next) => on_each!(conn, |conn| diesel::update(same)
            .set((schedules::next_at.eq(DbTime(next)), schedules::last_at.eq(DbTime(now))))
            .execute(conn))?,
        None => on_each!(conn, |conn| diesel::delete(same).execute(conn))?,
    };
    Ok(count == 1)
}

/// Every schedule that packages declare.
pub(crate) fn list_declared(conn: &mut Connection) -> QueryResult<Vec<Row>> {
    on_each!(conn, |conn| schedules::table
        .filter(schedules::origin.eq(DECLARED))
        .select(Row::as_select())
        .load(conn))
}

/// Takes a schedule away.
pub(crate) fn delete(conn: &mut Connection, org: OrgId, id: Uuid) -> QueryResult<bool> {
    let chosen = schedules::table.filter(
        schedules::org_id
            .eq(DbUuid::from(org))
            .and(schedules::id.eq(DbUuid(id))),
    );
    Ok(on_each!(conn, |conn| diesel::delete(chosen).execute(conn))? == 1)
}

/// Takes away what ADD BOT has scheduled for a guest in a conversation.
pub(crate) fn delete_guest(conn: &mut Connection, org: OrgId, key: &str) -> QueryResult<()> {
    let chosen = schedules::table.filter(
        schedules::org_id
            .eq(DbUuid::from(org))
            .and(schedules::origin.eq(GUEST))
            .and(schedules::unique_key.eq(key)),
    );
    on_each!(conn, |conn| diesel::delete(chosen).execute(conn))?;
    Ok(())
}

/// A schedule by its id.
pub(crate) fn find(conn: &mut Connection, org: OrgId, id: Uuid) -> QueryResult<Option<Row>> {
    on_each!(conn, |conn| schedules::table
        .filter(
            schedules::org_id
                .eq(DbUuid::from(org))
                .and(schedules::id.eq(DbUuid(id)))
        )
        .select(Row::as_select())
        .first(conn)
        .optional())
}

/// Whether there is a schedule with that key.
pub(crate) fn exists(conn: &mut Connection, org: OrgId, bot: BotId, key: &str) -> QueryResult<bool> {
    let found: Option<DbUuid> = on_each!(conn, |conn| schedules::table
        .filter(
            schedules::org_id
                .eq(DbUuid::from(org))
                .and(schedules::bot_id.eq(DbUuid::from(bot)))
                .and(schedules::unique_key.eq(key))
        )
        .select(schedules::id)
        .first(conn)
        .optional())?;
    Ok(found.is_some())
}

/// How many schedules a bot has.
pub(crate) fn count(conn: &mut Connection, org: OrgId, bot: BotId) -> QueryResult<i64> {
    let own = schedules::table.filter(
        schedules::org_id
            .eq(DbUuid::from(org))
            .and(schedules::bot_id.eq(DbUuid::from(bot))),
    );
    on_each!(conn, |conn| own.count().get_result(conn))
}

/// All schedules of a bot, by script; of one script the first that runs comes first.
pub(crate) fn list_of_bot(conn: &mut Connection, org: OrgId, bot: BotId) -> QueryResult<Vec<Row>> {
    on_each!(conn, |conn| schedules::table
        .filter(
            schedules::org_id
                .eq(DbUuid::from(org))
                .and(schedules::bot_id.eq(DbUuid::from(bot)))
        )
        .order((schedules::script, schedules::next_at, schedules::id))
        .select(Row::as_select())
        .load(conn))
}

/// A page of the organisation's schedules.
pub(crate) fn list(conn: &mut Connection, org: OrgId, after: Option<Uuid>, limit: i64) -> QueryResult<Vec<Row>> {
    on_each!(conn, |conn| {
        let mut query = schedules::table
            .filter(schedules::org_id.eq(DbUuid::from(org)))
            .order(schedules::id)
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(schedules::id.gt(DbUuid(after)));
        }
        query.load(conn)
    })
}
