//! What is remembered of people, as those people and prompts see it.

use botlib::{OrgId, Value};
use botstate::{
    db::{Connection, DbJson, DbTime, DbUuid, user_memories as table},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Something that is remembered.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = table)]
pub(crate) struct Row {
    pub(crate) scope: String,
    pub(crate) name: String,
    value: DbJson,
    pub(crate) expires_at: Option<DbTime>,
    pub(crate) updated_at: DbTime,
}

impl Row {
    /// What it says.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_value(self.value.0.clone()).unwrap_or_default()
    }
}

/// Everything that is remembered of an owner and has not expired, by scope and name.
pub(crate) fn list(conn: &mut Connection, org: OrgId, owner: &str, now: DateTime<Utc>) -> QueryResult<Vec<Row>> {
    on_each!(conn, |conn| table::table
        .filter(table::org_id.eq(DbUuid::from(org)))
        .filter(table::owner.eq(owner))
        .filter(table::expires_at.is_null().or(table::expires_at.gt(DbTime(now))))
        .order((table::scope, table::name))
        .select(Row::as_select())
        .load(conn))
}

/// Something new, or something else in its place.
pub(crate) struct NewRow<'a> {
    pub(crate) org: OrgId,
    pub(crate) owner: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) name: &'a str,
    pub(crate) value: &'a Value,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// Keeps something, in place of what had its name.
pub(crate) fn keep(conn: &mut Connection, row: &NewRow<'_>, now: DateTime<Utc>) -> QueryResult<()> {
    let json =
        DbJson::of_value(row.value).map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let changed = (
        table::value.eq(&json),
        table::expires_at.eq(row.expires_at.map(DbTime)),
        table::updated_at.eq(DbTime(now)),
    );
    on_each!(conn, |conn| diesel::insert_into(table::table)
        .values((
            table::org_id.eq(DbUuid::from(row.org)),
            table::owner.eq(row.owner),
            table::scope.eq(row.scope),
            table::name.eq(row.name),
            changed,
        ))
        .on_conflict((table::org_id, table::owner, table::scope, table::name))
        .do_update()
        .set(changed)
        .execute(conn))?;
    Ok(())
}

/// Gives something that is remembered another value; false when there is no such thing.
pub(crate) fn update(
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
pub(crate) fn delete(conn: &mut Connection, org: OrgId, owner: &str, (scope, name): (&str, &str)) -> QueryResult<bool> {
    let row = table::table.find((DbUuid::from(org), owner, scope, name));
    Ok(on_each!(conn, |conn| diesel::delete(row).execute(conn))? == 1)
}

/// Forgets everything about an owner.
pub(crate) fn clear(conn: &mut Connection, org: OrgId, owner: &str) -> QueryResult<usize> {
    let theirs = table::table
        .filter(table::org_id.eq(DbUuid::from(org)))
        .filter(table::owner.eq(owner));
    on_each!(conn, |conn| diesel::delete(theirs).execute(conn))
}
