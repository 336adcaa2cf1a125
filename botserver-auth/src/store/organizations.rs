//! Organisations.

use botlib::OrgId;
use botstate::{
    db::{Connection, DbUuid, organizations},
    on_each,
};
use diesel::prelude::*;

/// Makes other transactions that lock the organisation wait for this one; false when there is no such organisation.
///
/// An update that changes nothing takes the row's lock on PostgreSQL; on SQLite there is one writer anyway.
pub(crate) fn lock(conn: &mut Connection, org: OrgId) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        diesel::update(organizations::table.find(DbUuid::from(org)))
            .set(organizations::name.eq(organizations::name))
            .execute(conn)
    })?;
    Ok(rows == 1)
}
