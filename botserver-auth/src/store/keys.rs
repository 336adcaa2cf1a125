//! API keys.

use std::collections::BTreeSet;

use botlib::{BotId, OrgId, Permission, PersonId, SessionId};
use botstate::{
    db::{Connection, DbTime, DbUuid, api_keys},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::ApiKey;

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys)]
struct KeyRow {
    id: DbUuid,
    org_id: DbUuid,
    person_id: DbUuid,
    name: String,
    permissions: String,
    bots: Option<String>,
    created_at: DbTime,
    seen_at: Option<DbTime>,
    expires_at: DbTime,
}

impl From<KeyRow> for ApiKey {
    fn from(row: KeyRow) -> Self {
        // What cannot be read grants nothing: no permission, and no bot.
        let permissions: BTreeSet<Permission> = serde_json::from_str(&row.permissions).unwrap_or_default();
        let bots = row
            .bots
            .map(|bots| serde_json::from_str::<BTreeSet<BotId>>(&bots).unwrap_or_default());
        Self {
            id: row.id.into(),
            person: row.person_id.into(),
            org: row.org_id.into(),
            name: row.name,
            permissions,
            bots,
            created_at: row.created_at.into(),
            seen_at: row.seen_at.map(DateTime::<Utc>::from),
            expires_at: row.expires_at.into(),
        }
    }
}

/// Adds a key whose token has this hash.
pub(crate) fn insert(conn: &mut Connection, org: OrgId, key: &ApiKey, token_hash: &str) -> QueryResult<()> {
    let permissions = serde_json::json!(key.permissions).to_string();
    let bots = key.bots.as_ref().map(|bots| serde_json::json!(bots).to_string());
    on_each!(conn, |conn| {
        diesel::insert_into(api_keys::table)
            .values((
                api_keys::id.eq(DbUuid::from(key.id)),
                api_keys::org_id.eq(DbUuid::from(org)),
                api_keys::person_id.eq(DbUuid::from(key.person)),
                api_keys::name.eq(&key.name),
                api_keys::token_hash.eq(token_hash),
                api_keys::permissions.eq(&permissions),
                api_keys::bots.eq(&bots),
                api_keys::created_at.eq(DbTime(key.created_at)),
                api_keys::expires_at.eq(DbTime(key.expires_at)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// The key whose token has this hash, unless it is revoked or past its day; it says in which organisation it is good.
pub(crate) fn find_by_token(
    conn: &mut Connection,
    token_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<ApiKey>> {
    on_each!(conn, |conn| {
        api_keys::table
            .filter(api_keys::token_hash.eq(token_hash))
            .filter(api_keys::revoked_at.is_null().and(api_keys::expires_at.gt(DbTime(now))))
            .select(KeyRow::as_select())
            .first(conn)
            .optional()
    })
    .map(|row| row.map(ApiKey::from))
}

/// Every key of a person that is good, the oldest first.
pub(crate) fn list(
    conn: &mut Connection,
    org: OrgId,
    person: PersonId,
    now: DateTime<Utc>,
) -> QueryResult<Vec<ApiKey>> {
    on_each!(conn, |conn| {
        api_keys::table
            .filter(
                api_keys::org_id
                    .eq(DbUuid::from(org))
                    .and(api_keys::person_id.eq(DbUuid::from(person))),
            )
            .filter(api_keys::revoked_at.is_null().and(api_keys::expires_at.gt(DbTime(now))))
            .order(api_keys::id)
            .select(KeyRow::as_select())
            .load(conn)
    })
    .map(|rows: Vec<KeyRow>| rows.into_iter().map(ApiKey::from).collect())
}

/// Notes that a key was used.
pub(crate) fn touch(conn: &mut Connection, org: OrgId, id: SessionId, now: DateTime<Utc>) -> QueryResult<()> {
    on_each!(conn, |conn| {
        diesel::update(api_keys::table)
            .filter(
                api_keys::org_id
                    .eq(DbUuid::from(org))
                    .and(api_keys::id.eq(DbUuid::from(id))),
            )
            .set(api_keys::seen_at.eq(DbTime(now)))
            .execute(conn)
    })?;
    Ok(())
}

/// Revokes a key, of `person` where one is named; false when there is none that is good.
pub(crate) fn revoke(
    conn: &mut Connection,
    org: OrgId,
    person: Option<PersonId>,
    id: SessionId,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        let key = api_keys::table.filter(
            api_keys::org_id
                .eq(DbUuid::from(org))
                .and(api_keys::id.eq(DbUuid::from(id)))
                .and(api_keys::revoked_at.is_null()),
        );
        match person {
            Some(person) => diesel::update(key.filter(api_keys::person_id.eq(DbUuid::from(person))))
                .set(api_keys::revoked_at.eq(DbTime(now)))
                .execute(conn),
            None => diesel::update(key)
                .set(api_keys::revoked_at.eq(DbTime(now)))
                .execute(conn),
        }
    })?;
    Ok(rows == 1)
}

/// Revokes every key that a person has in an organisation.
pub(crate) fn revoke_all(conn: &mut Connection, org: OrgId, person: PersonId, now: DateTime<Utc>) -> QueryResult<()> {
    on_each!(conn, |conn| {
        diesel::update(api_keys::table)
            .filter(
                api_keys::org_id
                    .eq(DbUuid::from(org))
                    .and(api_keys::person_id.eq(DbUuid::from(person))),
            )
            .filter(api_keys::revoked_at.is_null())
            .set(api_keys::revoked_at.eq(DbTime(now)))
            .execute(conn)
    })?;
    Ok(())
}
