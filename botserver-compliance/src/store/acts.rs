//! Acts that wait to be sealed.

use botlib::OrgId;
use botstate::{
    db::{Connection, DbUuid, audit_acts},
    on_each,
};
use diesel::prelude::*;

/// An act as a domain noted it.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = audit_acts)]
pub(crate) struct ActRow {
    pub(crate) id: String,
    pub(crate) org_id: String,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) outcome: String,
    pub(crate) request: String,
    pub(crate) detail: String,
}

/// The oldest acts.
pub(crate) fn oldest(conn: &mut Connection, limit: i64) -> QueryResult<Vec<ActRow>> {
    on_each!(conn, |conn| audit_acts::table
        .order((audit_acts::at, audit_acts::id))
        .limit(limit)
        .select(ActRow::as_select())
        .load(conn))
}

/// Whether any waits.
pub(crate) fn is_any(conn: &mut Connection) -> QueryResult<bool> {
    on_each!(conn, |conn| diesel::select(diesel::dsl::exists(
        audit_acts::table.select(audit_acts::id)
    ))
    .get_result(conn))
}

/// How many of an organisation wait.
pub(crate) fn count(conn: &mut Connection, org: OrgId) -> QueryResult<i64> {
    on_each!(conn, |conn| audit_acts::table
        .filter(audit_acts::org_id.eq(DbUuid::from(org)))
        .count()
        .get_result(conn))
}

/// Takes away what is sealed now.
pub(crate) fn delete(conn: &mut Connection, ids: &[&str]) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::delete(
        audit_acts::table.filter(audit_acts::id.eq_any(ids.iter().copied()))
    )
    .execute(conn))?;
    Ok(())
}
