//! Rows of jobs.

use botlib::{BotId, OrgId};
use botstate::{
    db::{Connection, DbTime, DbUuid, jobs},
    job::NewJob,
    on_each,
};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

/// It waits to be due, or for another try.
pub(crate) const WAITING: &str = "waiting";
/// A node works on it.
pub(crate) const RUNNING: &str = "running";
/// It is done.
pub(crate) const DONE: &str = "done";
/// It was given up.
pub(crate) const DEAD: &str = "dead";

/// A job as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub(crate) struct Row {
    pub(crate) id: DbUuid,
    pub(crate) org_id: DbUuid,
    pub(crate) bot_id: Option<DbUuid>,
    pub(crate) kind: String,
    pub(crate) payload: String,
    pub(crate) unique_key: Option<String>,
    pub(crate) state: String,
    pub(crate) due_at: DbTime,
    pub(crate) attempts: i32,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: DbTime,
    pub(crate) finished_at: Option<DbTime>,
}

#[derive(Insertable)]
#[diesel(table_name = jobs)]
struct NewRow<'a> {
    id: DbUuid,
    org_id: DbUuid,
    bot_id: Option<DbUuid>,
    kind: &'a str,
    payload: &'a str,
    unique_key: Option<&'a str>,
    state: &'a str,
    due_at: DbTime,
    attempts: i32,
    created_at: DbTime,
}

/// Adds a job, unless one with its key is known.
pub(crate) fn create(conn: &mut Connection, job: &NewJob, now: DateTime<Utc>) -> QueryResult<()> {
    let payload = job.payload.to_string();
    let row = NewRow {
        id: DbUuid(Uuid::now_v7()),
        org_id: job.org.into(),
        bot_id: job.bot.map(DbUuid::from),
        kind: job.kind,
        payload: &payload,
        unique_key: job.key.as_deref(),
        state: WAITING,
        due_at: DbTime(job.due_at),
        attempts: 0,
        created_at: DbTime(now),
    };
    on_each!(conn, |conn| diesel::insert_into(jobs::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}

/// Takes a job back that nobody has begun.
pub(crate) fn cancel(conn: &mut Connection, org: OrgId, key: &str) -> QueryResult<()> {
    let chosen = jobs::table.filter(
        jobs::org_id
            .eq(DbUuid::from(org))
            .and(jobs::unique_key.eq(key))
            .and(jobs::state.eq(WAITING)),
    );
    on_each!(conn, |conn| diesel::delete(chosen).execute(conn))?;
    Ok(())
}

/// Hands due jobs to `node` until `until`: those that wait, and those whose node has not renewed its lease, but none of
/// those that it is `busy` with.
pub(crate) fn claim(
    conn: &mut Connection,
    kinds: &[&str],
    busy: &[DbUuid],
    node: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    let free = || {
        let is_due = jobs::state.eq(WAITING).and(jobs::due_at.le(DbTime(now)));
        let is_orphan = jobs::state
            .eq(RUNNING)
            .and(jobs::lease_until.assume_not_null().le(DbTime(now)));
        is_due.or(is_orphan)
    };
    let found: Vec<DbUuid> = on_each!(conn, |conn| jobs::table
        .filter(jobs::kind.eq_any(kinds).and(jobs::id.ne_all(busy)).and(free()))
        // Every node takes them in one order, so that no two wait for each other.
        .order((jobs::due_at, jobs::id))
        .limit(limit)
        .select(jobs::id)
        .load(conn))?;
    let mut claimed = Vec::new();
    for id in found {
        // Another node may have been faster since the row was read.
        let count = on_each!(conn, |conn| diesel::update(
            jobs::table.filter(jobs::id.eq(id).and(free()))
        )
        .set((
            jobs::state.eq(RUNNING),
            jobs::lease_by.eq(node),
            jobs::lease_until.eq(DbTime(until)),
            jobs::attempts.eq(jobs::attempts + 1),
        ))
        .execute(conn))?;
        if count == 1 {
            let row: Row = on_each!(conn, |conn| jobs::table.find(id).select(Row::as_select()).first(conn))?;
            claimed.push(row);
        }
    }
    Ok(claimed)
}

/// Keeps a job for the node that works on it; false when it has lost it.
pub(crate) fn renew(conn: &mut Connection, id: DbUuid, node: &str, until: DateTime<Utc>) -> QueryResult<bool> {
    let own = jobs::table.filter(
        jobs::id
            .eq(id)
            .and(jobs::state.eq(RUNNING))
            .and(jobs::lease_by.eq(node)),
    );
    let count = on_each!(conn, |conn| diesel::update(own)
        .set(jobs::lease_until.eq(DbTime(until)))
        .execute(conn))?;
    Ok(count == 1)
}

/// How a try ended.
#[derive(Debug, Clone)]
pub(crate) struct End<'a> {
    pub(crate) state: &'a str,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) error: Option<&'a str>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// Notes how the try of `node` ended, if the job is still its own.
pub(crate) fn end(conn: &mut Connection, id: DbUuid, node: &str, end: &End<'_>) -> QueryResult<bool> {
    let own = jobs::table.filter(
        jobs::id
            .eq(id)
            .and(jobs::state.eq(RUNNING))
            .and(jobs::lease_by.eq(node)),
    );
    let count = on_each!(conn, |conn| diesel::update(own)
        .set((
            jobs::state.eq(end.state),
            jobs::due_at.eq(DbTime(end.due_at)),
            jobs::last_error.eq(end.error),
            jobs::finished_at.eq(end.finished_at.map(DbTime)),
            jobs::lease_by.eq(None::<String>),
            jobs::lease_until.eq(None::<DbTime>),
        ))
        .execute(conn))?;
    Ok(count == 1)
}

/// The nodes that work on jobs.
pub(crate) fn holders(conn: &mut Connection) -> QueryResult<Vec<String>> {
    on_each!(conn, |conn| jobs::table
        .filter(jobs::state.eq(RUNNING).and(jobs::lease_by.is_not_null()))
        .select(jobs::lease_by.assume_not_null())
        .distinct()
        .load(conn))
}

/// Gives back the jobs that `nodes` worked on, which are gone.
pub(crate) fn release(conn: &mut Connection, nodes: &[String]) -> QueryResult<usize> {
    let cut_off = jobs::table.filter(jobs::state.eq(RUNNING).and(jobs::lease_by.eq_any(nodes)));
    on_each!(conn, |conn| diesel::update(cut_off)
        .set((
            jobs::state.eq(WAITING),
            jobs::lease_by.eq(None::<String>),
            jobs::lease_until.eq(None::<DbTime>),
        ))
        .execute(conn))
}

/// When the next job is due, or the next lease ends.
pub(crate) fn next_due(conn: &mut Connection, kinds: &[&str]) -> QueryResult<Option<DateTime<Utc>>> {
    let due: Option<DbTime> = on_each!(conn, |conn| jobs::table
        .filter(jobs::state.eq(WAITING).and(jobs::kind.eq_any(kinds)))
        .order(jobs::due_at)
        .select(jobs::due_at)
        .first(conn)
        .optional())?;
    let lease: Option<DbTime> = on_each!(conn, |conn| jobs::table
        .filter(
            jobs::state
                .eq(RUNNING)
                .and(jobs::kind.eq_any(kinds))
                .and(jobs::lease_until.is_not_null())
        )
        .order(jobs::lease_until)
        .select(jobs::lease_until.assume_not_null())
        .first(conn)
        .optional())?;
    Ok([due, lease].into_iter().flatten().map(|time| time.0).min())
}

/// Whether a job runs, or is due and waits.
pub(crate) fn is_busy(conn: &mut Connection, now: DateTime<Utc>) -> QueryResult<bool> {
    let due = jobs::state.eq(WAITING).and(jobs::due_at.le(DbTime(now)));
    let busy = jobs::table.filter(jobs::state.eq(RUNNING).or(due));
    let count: i64 = on_each!(conn, |conn| busy.count().get_result(conn))?;
    Ok(count > 0)
}

/// Jobs of a bot that wait.
pub(crate) fn count_waiting(conn: &mut Connection, org: OrgId, bot: BotId) -> QueryResult<i64> {
    let waiting = jobs::table.filter(
        jobs::org_id
            .eq(DbUuid::from(org))
            .and(jobs::bot_id.eq(DbUuid::from(bot)))
            .and(jobs::state.eq(WAITING)),
    );
    on_each!(conn, |conn| waiting.count().get_result(conn))
}

/// A page of the organisation's jobs in `state`, the newest first.
pub(crate) fn list(
    conn: &mut Connection,
    org: OrgId,
    state: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    on_each!(conn, |conn| {
        let mut query = jobs::table
            .filter(jobs::org_id.eq(DbUuid::from(org)))
            .order(jobs::id.desc())
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(state) = state {
            query = query.filter(jobs::state.eq(state.to_owned()));
        }
        if let Some(before) = before {
            query = query.filter(jobs::id.lt(DbUuid(before)));
        }
        query.load(conn)
    })
}

/// Lets a job run now that waits, was given up or is done with; false when there is no such job.
pub(crate) fn run_now(conn: &mut Connection, org: OrgId, id: Uuid, now: DateTime<Utc>) -> QueryResult<bool> {
    let chosen = jobs::table.filter(
        jobs::org_id
            .eq(DbUuid::from(org))
            .and(jobs::id.eq(DbUuid(id)))
            .and(jobs::state.eq_any([WAITING, DEAD])),
    );
    let count = on_each!(conn, |conn| diesel::update(chosen)
        .set((
            jobs::state.eq(WAITING),
            jobs::due_at.eq(DbTime(now)),
            jobs::attempts.eq(0),
            jobs::finished_at.eq(None::<DbTime>),
        ))
        .execute(conn))?;
    Ok(count == 1)
}

/// Forgets jobs that were done before `keep` ago, and dead ones four times as old.
pub(crate) fn sweep(conn: &mut Connection, now: DateTime<Utc>, keep: TimeDelta) -> QueryResult<usize> {
    let old = |state: &'static str, keep: TimeDelta| {
        jobs::state
            .eq(state)
            .and(jobs::finished_at.assume_not_null().lt(DbTime(now - keep)))
    };
    on_each!(conn, |conn| diesel::delete(
        jobs::table.filter(old(DONE, keep).or(old(DEAD, keep * 4)))
    )
    .execute(conn))
}
