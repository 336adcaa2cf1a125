//! The organisation of those who have not proved to belong to one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use botlib::OrgId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{Connection, Db, DbTime, DbUuid, Error, organizations, server_key};
use crate::on_each;

/// The oldest organisation, made with the name `Default` when there is none.
///
/// The id of a new one comes from a key that all nodes share, so two that start at once make one organisation.
///
/// # Errors
/// When the database fails.
pub async fn default_org(db: &Db, now: DateTime<Utc>) -> Result<OrgId, Error> {
    if let Some(org) = db.read(|conn| find_first(conn).map_err(Error::from)).await? {
        return Ok(org);
    }
    let key = server_key(db, "default-organization").await?;
    let key = STANDARD.decode(key.expose()).unwrap_or_default();
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(key).for_each(|(byte, made)| *byte = made);
    let fresh = OrgId::from_uuid(uuid::Builder::from_random_bytes(bytes).into_uuid());
    db.write(move |conn| {
        ensure(conn, fresh, "Default", now)?;
        find_first(conn)?.ok_or(Error::NotFound)
    })
    .await
}

fn find_first(conn: &mut Connection) -> QueryResult<Option<OrgId>> {
    let first: Option<DbUuid> = on_each!(conn, |conn| organizations::table
        .order((organizations::created_at, organizations::id))
        .select(organizations::id)
        .first(conn)
        .optional())?;
    Ok(first.map(OrgId::from))
}

fn ensure(conn: &mut Connection, org: OrgId, name: &str, now: DateTime<Utc>) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(organizations::table)
        .values((
            organizations::id.eq(DbUuid::from(org)),
            organizations::name.eq(name),
            organizations::slug.eq("default"),
            organizations::plan.eq("enterprise"),
            organizations::created_at.eq(DbTime(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}
