//! What is remembered of people. Scripts note it, conversations tell models of it, and each person sees, corrects and
//! erases what is about himself.

use botlib::{OrgId, Value, value::Map};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{Connection, DbJson, DbTime, DbUuid, user_memories as table};
use crate::on_each;

/// Where a memory belongs: to a person of an organisation, within a scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shelf {
    /// The organisation.
    pub org: OrgId,
    /// `person:<id>`, `visitor:<id>` or, for work without a person, `bot:<id>`.
    pub owner: String,
    /// `memory`, `fact`, `episode`, or `bot:<id>` for what one bot remembers.
    pub scope: String,
}

/// Something that is remembered.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct Memory {
    /// Where it belongs.
    pub scope: String,
    /// Its name.
    pub name: String,
    value: DbJson,
    /// When it is forgotten; nothing for what stays.
    pub expires_at: Option<DbTime>,
    /// When it was written last.
    pub updated_at: DbTime,
}

impl Memory {
    /// What it says.
    pub fn value(&self) -> Value {
        serde_json::from_value(self.value.0.clone()).unwrap_or_default()
    }
}

/// The value under `name`, unless it has expired.
///
/// # Errors
/// When the database fails.
pub fn find(conn: &mut Connection, place: &Shelf, name: &str, now: DateTime<Utc>) -> QueryResult<Option<Value>> {
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
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Connection, place: &Shelf, now: DateTime<Utc>) -> QueryResult<Map> {
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

/// Everything that is remembered of an owner and has not expired, by scope and name.
///
/// # Errors
/// When the database fails.
pub fn list_all(conn: &mut Connection, org: OrgId, owner: &str, now: DateTime<Utc>) -> QueryResult<Vec<Memory>> {
    on_each!(conn, |conn| table::table
        .filter(table::org_id.eq(DbUuid::from(org)))
        .filter(table::owner.eq(owner))
        .filter(table::expires_at.is_null().or(table::expires_at.gt(DbTime(now))))
        .order((table::scope, table::name))
        .select(Memory::as_select())
        .load(conn))
}

/// Keeps a value under a name, until `expires` where that is given; null removes what was there. What has expired of
/// this owner goes with it.
///
/// # Errors
/// When the database fails.
pub fn set(
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

/// Gives something that is remembered another value; false when there is no such thing.
///
/// # Errors
/// When the database fails.
pub fn update(
    conn: &mut Connection,
    org: OrgId,
    owner: &str,
    (scope, name): (&str, &str),
    value: &Value,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let json = DbJson::of_value(value).map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let row = table::table.find((DbUuid::from(org), owner, scope, name));
    let changed = (table::value.eq(&json), table::updated_at.eq(DbTime(now)));
    Ok(on_each!(conn, |conn| diesel::update(row).set(changed).execute(conn))? == 1)
}

/// Forgets one thing; false when there is no such thing.
///
/// # Errors
/// When the database fails.
pub fn delete(conn: &mut Connection, org: OrgId, owner: &str, (scope, name): (&str, &str)) -> QueryResult<bool> {
    let row = table::table.find((DbUuid::from(org), owner, scope, name));
    Ok(on_each!(conn, |conn| diesel::delete(row).execute(conn))? == 1)
}

/// Forgets everything of an owner in these scopes.
///
/// # Errors
/// When the database fails.
pub fn clear(conn: &mut Connection, org: OrgId, owner: &str, scopes: &[String]) -> QueryResult<()> {
    on_each!(conn, |conn| {
        let theirs = table::table
            .filter(table::org_id.eq(DbUuid::from(org)))
            .filter(table::owner.eq(owner))
            .filter(table::scope.eq_any(scopes));
        diesel::delete(theirs).execute(conn)
    })?;
    Ok(())
}

/// Forgets everything about an owner.
///
/// # Errors
/// When the database fails.
pub fn clear_all(conn: &mut Connection, org: OrgId, owner: &str) -> QueryResult<usize> {
    let theirs = table::table
        .filter(table::org_id.eq(DbUuid::from(org)))
        .filter(table::owner.eq(owner));
    on_each!(conn, |conn| diesel::delete(theirs).execute(conn))
}

fn value(json: DbJson) -> QueryResult<Value> {
    serde_json::from_value(json.0).map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}
