//! What bots remember of people.

use botlib::{OrgId, Value, value::Map};
use botstate::{
    db::{Connection, DbJson, DbTime, DbUuid, user_memories as table},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Where a memory belongs: to a person of an organisation, within a scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Shelf {
    pub(crate) org: OrgId,
    /// `person:<id>`, `visitor:<id>` or, for work without a person, `bot:<id>`.
    pub(crate) owner: String,
    /// `memory`, `fact`, or `bot:<id>` for what one bot remembers.
    pub(crate) scope: String,
}

/// The value under `name`, unless it has expired.
pub(crate) fn find(conn: &mut Connection, place: &Shelf, name: &str, now: DateTime<Utc>) -> QueryResult<Option<Value>> {
    let json = on_each!(conn, |conn| {
        table::table
            .find((DbUuid::from(place.org), &place.owner, &place.scope, name))
            .filter(table::expires_at.is_null().or(table::expires_at.gt(DbTime(now))))
            .select(table::value)
            .first::<DbJson>(conn)
            .optional()
    })?;
    json.map(value).transpose()
}

/// Everything of the shelf that has not expired, by name.
pub(crate) fn list(conn: &mut Connection, place: &Shelf, now: DateTime<Utc>) -> QueryResult<Map> {
    let rows = on_each!(conn, |conn| {
        table::table
            .filter(table::org_id.eq(DbUuid::from(place.org)))
            .filter(table::owner.eq(&place.owner))
            .filter(table::scope.eq(&place.scope))
            .filter(table::expires_at.is_null().or(table::expires_at.gt(DbTime(now))))
            .order(table::name)
            .select((table::name, table::value))
            .load::<(String, DbJson)>(conn)
    })?;
    rows.into_iter()
        .map(|(name, json)| Ok((name, value(json)?)))
        .collect::<QueryResult<Vec<_>>>()
        .map(Map::from_iter)
}

/// Keeps a value under a name, until `expires` where that is given; null removes what was there. What has expired of
/// this owner goes with it.
pub(crate) fn set(
    conn: &mut Connection,
    place: &Shelf,
    name: &str,
    value: &Value,
    expires: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let key = (DbUuid::from(place.org), &place.owner, &place.scope, name);
    on_each!(conn, |conn| {
        let over = table::table
            .filter(table::org_id.eq(key.0))
            .filter(table::owner.eq(key.1))
            .filter(table::expires_at.le(DbTime(now)));
        diesel::delete(over).execute(conn)
    })?;
    if value.is_null() {
        on_each!(conn, |conn| diesel::delete(table::table.find(key)).execute(conn))?;
        return Ok(());
    }
    let json = DbJson::of_value(value).map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let changed = (
        table::value.eq(&json),
        table::expires_at.eq(expires.map(DbTime)),
        table::updated_at.eq(DbTime(now)),
    );
    on_each!(conn, |conn| {
        diesel::insert_into(table::table)
            .values((
                table::org_id.eq(key.0),
                table::owner.eq(key.1),
                table::scope.eq(key.2),
                table::name.eq(name),
                changed,
            ))
            .on_conflict((table::org_id, table::owner, table::scope, table::name))
            .do_update()
            .set(changed)
            .execute(conn)
    })?;
    Ok(())
}

/// Forgets everything of an owner in these scopes.
pub(crate) fn clear(conn: &mut Connection, org: OrgId, owner: &str, scopes: &[String]) -> QueryResult<()> {
    on_each!(conn, |conn| {
        let theirs = table::table
            .filter(table::org_id.eq(DbUuid::from(org)))
            .filter(table::owner.eq(owner))
            .filter(table::scope.eq_any(scopes));
        diesel::delete(theirs).execute(conn)
    })?;
    Ok(())
}

fn value(json: DbJson) -> QueryResult<Value> {
    serde_json::from_value(json.0).map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}
