//! Sessions of people.

use botlib::{OrgId, PersonId, SessionId};
use botstate::{
    db::{Connection, DbTime, DbUuid, person_sessions as sessions},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::Session;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct SessionRow {
    id: DbUuid,
    org_id: DbUuid,
    person_id: DbUuid,
    device: String,
    created_at: DbTime,
    seen_at: DbTime,
    expires_at: DbTime,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id.into(),
            person: row.person_id.into(),
            org: row.org_id.into(),
            device: row.device,
            created_at: row.created_at.into(),
            seen_at: row.seen_at.into(),
            expires_at: row.expires_at.into(),
        }
    }
}

/// Which sessions live: begun before `now`, not past their end, and used since `used_since`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alive {
    pub(crate) now: DateTime<Utc>,
    pub(crate) used_since: DateTime<Utc>,
}

/// Adds a session whose token has this hash.
pub(crate) fn insert(conn: &mut Connection, session: &Session, token_hash: &str) -> QueryResult<()> {
    on_each!(conn, |conn| {
        diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(DbUuid::from(session.id)),
                sessions::org_id.eq(DbUuid::from(session.org)),
                sessions::person_id.eq(DbUuid::from(session.person)),
                sessions::token_hash.eq(token_hash),
                sessions::device.eq(&session.device),
                sessions::created_at.eq(DbTime(session.created_at)),
                sessions::seen_at.eq(DbTime(session.seen_at)),
                sessions::expires_at.eq(DbTime(session.expires_at)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// The living session whose token has this hash; it says in which organisation it works.
pub(crate) fn find_by_token(conn: &mut Connection, token_hash: &str, alive: Alive) -> QueryResult<Option<Session>> {
    on_each!(conn, |conn| {
        sessions::table
            .filter(sessions::token_hash.eq(token_hash))
            .filter(
                sessions::ended_at
                    .is_null()
                    .and(sessions::expires_at.gt(DbTime(alive.now))),
            )
            .filter(sessions::seen_at.gt(DbTime(alive.used_since)))
            .select(SessionRow::as_select())
            .first(conn)
            .optional()
    })
    .map(|row| row.map(Session::from))
}

/// The living session with this id.
pub(crate) fn find(conn: &mut Connection, org: OrgId, id: SessionId, alive: Alive) -> QueryResult<Option<Session>> {
    on_each!(conn, |conn| {
        sessions::table
            .filter(
                sessions::org_id
                    .eq(DbUuid::from(org))
                    .and(sessions::id.eq(DbUuid::from(id))),
            )
            .filter(
                sessions::ended_at
                    .is_null()
                    .and(sessions::expires_at.gt(DbTime(alive.now))),
            )
            .filter(sessions::seen_at.gt(DbTime(alive.used_since)))
            .select(SessionRow::as_select())
            .first(conn)
            .optional()
    })
    .map(|row| row.map(Session::from))
}

/// At most `limit` living sessions of a person after `after`, the oldest first.
pub(crate) fn list(
    conn: &mut Connection,
    person: PersonId,
    alive: Alive,
    (after, limit): (Option<SessionId>, i64),
) -> QueryResult<Vec<Session>> {
    let after = after.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    on_each!(conn, |conn| {
        sessions::table
            .filter(sessions::person_id.eq(DbUuid::from(person)))
            .filter(
                sessions::ended_at
                    .is_null()
                    .and(sessions::expires_at.gt(DbTime(alive.now))),
            )
            .filter(
                sessions::seen_at
                    .gt(DbTime(alive.used_since))
                    .and(sessions::id.gt(after)),
            )
            .order(sessions::id)
            .limit(limit)
            .select(SessionRow::as_select())
            .load(conn)
    })
    .map(|rows| rows.into_iter().map(Session::from).collect())
}

/// Notes that a session was used.
pub(crate) fn touch(conn: &mut Connection, org: OrgId, id: SessionId, now: DateTime<Utc>) -> QueryResult<()> {
    on_each!(conn, |conn| {
        diesel::update(sessions::table)
            .filter(
                sessions::org_id
                    .eq(DbUuid::from(org))
                    .and(sessions::id.eq(DbUuid::from(id))),
            )
            .filter(sessions::seen_at.lt(DbTime(now)))
            .set(sessions::seen_at.eq(DbTime(now)))
            .execute(conn)
    })?;
    Ok(())
}

/// Ends a session of a person; false when the person has no such session or it has ended.
pub(crate) fn end(conn: &mut Connection, person: PersonId, id: SessionId, now: DateTime<Utc>) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        diesel::update(sessions::table)
            .filter(sessions::person_id.eq(DbUuid::from(person)))
            .filter(sessions::id.eq(DbUuid::from(id)).and(sessions::ended_at.is_null()))
            .set(sessions::ended_at.eq(DbTime(now)))
            .execute(conn)
    })?;
    Ok(rows == 1)
}

/// Ends every session of a person but `except`, and gives those that ended.
pub(crate) fn end_all(
    conn: &mut Connection,
    person: PersonId,
    except: Option<SessionId>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<SessionId>> {
    let except = except.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    let ended: Vec<DbUuid> = on_each!(conn, |conn| {
        diesel::update(sessions::table)
            .filter(sessions::person_id.eq(DbUuid::from(person)))
            .filter(sessions::id.ne(except).and(sessions::ended_at.is_null()))
            .set(sessions::ended_at.eq(DbTime(now)))
            .returning(sessions::id)
            .get_results(conn)
    })?;
    Ok(ended.into_iter().map(SessionId::from).collect())
}

/// Removes what is left of a person's sessions that were over before `before`.
pub(crate) fn forget(conn: &mut Connection, person: PersonId, before: DateTime<Utc>) -> QueryResult<()> {
    let before = DbTime(before);
    on_each!(conn, |conn| {
        diesel::delete(sessions::table)
            .filter(sessions::person_id.eq(DbUuid::from(person)))
            .filter(sessions::expires_at.lt(before).or(sessions::ended_at.lt(before)))
            .execute(conn)
    })?;
    Ok(())
}

/// Lets a living session work in another organisation; false when the person has no such session.
pub(crate) fn move_to(conn: &mut Connection, org: OrgId, person: PersonId, id: SessionId) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        diesel::update(sessions::table.find(DbUuid::from(id)))
            .filter(
                sessions::person_id
                    .eq(DbUuid::from(person))
                    .and(sessions::ended_at.is_null()),
            )
            .set(sessions::org_id.eq(DbUuid::from(org)))
            .execute(conn)
    })?;
    Ok(rows == 1)
}

/// Ends every session of a person that works in an organisation, and gives those that ended.
pub(crate) fn end_in(
    conn: &mut Connection,
    org: OrgId,
    person: PersonId,
    now: DateTime<Utc>,
) -> QueryResult<Vec<SessionId>> {
    let ended: Vec<DbUuid> = on_each!(conn, |conn| {
        diesel::update(sessions::table)
            .filter(
                sessions::org_id
                    .eq(DbUuid::from(org))
                    .and(sessions::person_id.eq(DbUuid::from(person))),
            )
            .filter(sessions::ended_at.is_null())
            .set(sessions::ended_at.eq(DbTime(now)))
            .returning(sessions::id)
            .get_results(conn)
    })?;
    Ok(ended.into_iter().map(SessionId::from).collect())
}
