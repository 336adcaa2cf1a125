//! Links that work once.

use botlib::{OrgId, PersonId};
use botstate::{
    db::{Connection, DbTime, DbUuid, one_time_links as links},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Adds a link whose token has this hash.
pub(crate) fn insert(
    conn: &mut Connection,
    org: OrgId,
    person: PersonId,
    token_hash: &str,
    (created_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<()> {
    on_each!(conn, |conn| {
        diesel::insert_into(links::table)
            .values((
                links::token_hash.eq(token_hash),
                links::org_id.eq(DbUuid::from(org)),
                links::person_id.eq(DbUuid::from(person)),
                links::created_at.eq(DbTime(created_at)),
                links::expires_at.eq(DbTime(expires_at)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// Whose link with this hash works at `now`, and which organisation made it.
pub(crate) fn find(
    conn: &mut Connection,
    token_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<(OrgId, PersonId)>> {
    on_each!(conn, |conn| {
        links::table
            .filter(links::token_hash.eq(token_hash))
            .filter(links::used_at.is_null().and(links::expires_at.gt(DbTime(now))))
            .select((links::org_id, links::person_id))
            .first::<(DbUuid, DbUuid)>(conn)
            .optional()
    })
    .map(|found| found.map(|(org, person)| (org.into(), person.into())))
}

/// Uses a link up; false when somebody was faster or it is too old. Of many at once exactly one gets true.
pub(crate) fn use_up(conn: &mut Connection, org: OrgId, token_hash: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        diesel::update(links::table)
            .filter(
                links::org_id
                    .eq(DbUuid::from(org))
                    .and(links::token_hash.eq(token_hash)),
            )
            .filter(links::used_at.is_null().and(links::expires_at.gt(DbTime(now))))
            .set(links::used_at.eq(DbTime(now)))
            .execute(conn)
    })?;
    Ok(rows == 1)
}

/// Removes every link of a person.
pub(crate) fn remove_all(conn: &mut Connection, person: PersonId) -> QueryResult<()> {
    on_each!(conn, |conn| {
        diesel::delete(links::table)
            .filter(links::person_id.eq(DbUuid::from(person)))
            .execute(conn)
    })?;
    Ok(())
}
