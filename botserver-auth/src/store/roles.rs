//! Roles that an organisation made, and who was granted which role.

use std::collections::BTreeSet;

use botlib::{GrantId, OrgId, Permission, PersonId};
use botstate::{
    db::{Connection, DbTime, DbUuid, custom_roles as roles, role_grants as grants},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::model::tenants::{Grant, Grantee, NamedRole};

#[derive(Queryable, Selectable)]
#[diesel(table_name = roles)]
struct RoleRow {
    name: String,
    description: String,
    permissions: String,
}

impl From<RoleRow> for NamedRole {
    fn from(row: RoleRow) -> Self {
        // A permission that only a newer server knows grants nothing here.
        let names: BTreeSet<String> = serde_json::from_str(&row.permissions).unwrap_or_default();
        Self {
            name: row.name,
            description: row.description,
            permissions: names.iter().filter_map(|name| Permission::named(name)).collect(),
            is_built_in: false,
        }
    }
}

/// Every role that the organisation made, by name.
pub(crate) fn list(conn: &mut Connection, org: OrgId) -> QueryResult<Vec<NamedRole>> {
    let rows: Vec<RoleRow> = on_each!(conn, |conn| roles::table
        .filter(roles::org_id.eq(DbUuid::from(org)))
        .order(roles::name)
        .select(RoleRow::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(NamedRole::from).collect())
}

/// A role that the organisation made.
pub(crate) fn find(conn: &mut Connection, org: OrgId, name: &str) -> QueryResult<Option<NamedRole>> {
    on_each!(conn, |conn| roles::table
        .find((DbUuid::from(org), name))
        .select(RoleRow::as_select())
        .first(conn)
        .optional())
    .map(|row| row.map(NamedRole::from))
}

/// Adds a role; false when the name is taken.
pub(crate) fn insert(conn: &mut Connection, org: OrgId, role: &NamedRole, now: DateTime<Utc>) -> QueryResult<bool> {
    let permissions = serde_json::json!(role.permissions).to_string();
    let rows = on_each!(conn, |conn| diesel::insert_into(roles::table)
        .values((
            roles::org_id.eq(DbUuid::from(org)),
            roles::name.eq(&role.name),
            roles::description.eq(&role.description),
            roles::permissions.eq(&permissions),
            roles::created_at.eq(DbTime(now)),
        ))
        .on_conflict((roles::org_id, roles::name))
        .do_nothing()
        .execute(conn))?;
    Ok(rows == 1)
}

/// Writes description and permissions.
pub(crate) fn update(conn: &mut Connection, org: OrgId, role: &NamedRole) -> QueryResult<()> {
    let permissions = serde_json::json!(role.permissions).to_string();
    on_each!(conn, |conn| diesel::update(
        roles::table.find((DbUuid::from(org), &role.name))
    )
    .set((
        roles::description.eq(&role.description),
        roles::permissions.eq(&permissions)
    ))
    .execute(conn))?;
    Ok(())
}

/// Removes a role and takes it back from everybody; false when there is none.
pub(crate) fn remove(conn: &mut Connection, org: OrgId, name: &str) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        diesel::delete(grants::table)
            .filter(grants::org_id.eq(DbUuid::from(org)).and(grants::role.eq(name)))
            .execute(conn)?;
        diesel::delete(roles::table.find((DbUuid::from(org), name))).execute(conn)
    })?;
    Ok(rows == 1)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = grants)]
struct GrantRow {
    id: DbUuid,
    role: String,
    subject_kind: String,
    subject_id: String,
    granted_by: Option<DbUuid>,
    created_at: DbTime,
    expires_at: Option<DbTime>,
}

impl GrantRow {
    /// The grant; one to a kind of subject that only a newer server knows is none.
    fn read(self) -> Option<Grant> {
        Some(Grant {
            grantee: Grantee::read(&self.subject_kind, &self.subject_id)?,
            id: self.id.into(),
            role: self.role,
            granted_by: self.granted_by.map(PersonId::from),
            created_at: self.created_at.into(),
            expires_at: self.expires_at.map(DateTime::<Utc>::from),
        })
    }
}

/// At most `limit` grants after `after` that have not run out, the oldest first.
pub(crate) fn list_grants(
    conn: &mut Connection,
    org: OrgId,
    now: DateTime<Utc>,
    (after, limit): (Option<GrantId>, i64),
) -> QueryResult<Vec<Grant>> {
    let after = after.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    let rows: Vec<GrantRow> = on_each!(conn, |conn| grants::table
        .filter(grants::org_id.eq(DbUuid::from(org)).and(grants::id.gt(after)))
        .filter(grants::expires_at.is_null().or(grants::expires_at.gt(DbTime(now))))
        .order(grants::id)
        .limit(limit)
        .select(GrantRow::as_select())
        .load(conn))?;
    Ok(rows.into_iter().filter_map(GrantRow::read).collect())
}

/// What was granted to any of these and has not run out.
pub(crate) fn grants_to(
    conn: &mut Connection,
    org: OrgId,
    to: &[Grantee],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Grant>> {
    let ids: Vec<String> = to.iter().map(|grantee| grantee.id()).collect();
    let rows: Vec<GrantRow> = on_each!(conn, |conn| grants::table
        .filter(
            grants::org_id
                .eq(DbUuid::from(org))
                .and(grants::subject_id.eq_any(&ids))
        )
        .filter(grants::expires_at.is_null().or(grants::expires_at.gt(DbTime(now))))
        .select(GrantRow::as_select())
        .load(conn))?;
    let all = rows.into_iter().filter_map(GrantRow::read);
    Ok(all.filter(|grant| to.contains(&grant.grantee)).collect())
}

/// A grant.
pub(crate) fn find_grant(conn: &mut Connection, org: OrgId, id: GrantId) -> QueryResult<Option<Grant>> {
    let row: Option<GrantRow> = on_each!(conn, |conn| grants::table
        .filter(
            grants::org_id
                .eq(DbUuid::from(org))
                .and(grants::id.eq(DbUuid::from(id)))
        )
        .select(GrantRow::as_select())
        .first(conn)
        .optional())?;
    Ok(row.and_then(GrantRow::read))
}

/// Grants a role, in place of an earlier grant of the same role to the same subject.
pub(crate) fn grant(conn: &mut Connection, org: OrgId, grant: &Grant) -> QueryResult<()> {
    let (kind, id) = (grant.grantee.kind(), grant.grantee.id());
    on_each!(conn, |conn| {
        diesel::delete(grants::table)
            .filter(grants::org_id.eq(DbUuid::from(org)).and(grants::role.eq(&grant.role)))
            .filter(grants::subject_kind.eq(kind).and(grants::subject_id.eq(&id)))
            .execute(conn)?;
        diesel::insert_into(grants::table)
            .values((
                grants::id.eq(DbUuid::from(grant.id)),
                grants::org_id.eq(DbUuid::from(org)),
                grants::role.eq(&grant.role),
                grants::subject_kind.eq(kind),
                grants::subject_id.eq(&id),
                grants::granted_by.eq(grant.granted_by.map(DbUuid::from)),
                grants::created_at.eq(DbTime(grant.created_at)),
                grants::expires_at.eq(grant.expires_at.map(DbTime)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// Takes a grant back.
pub(crate) fn take_back(conn: &mut Connection, org: OrgId, id: GrantId) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::delete(grants::table)
        .filter(
            grants::org_id
                .eq(DbUuid::from(org))
                .and(grants::id.eq(DbUuid::from(id)))
        )
        .execute(conn))?;
    Ok(())
}

/// Takes back everything that was granted to somebody.
pub(crate) fn take_back_all(conn: &mut Connection, org: OrgId, grantee: Grantee) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::delete(grants::table)
        .filter(
            grants::org_id
                .eq(DbUuid::from(org))
                .and(grants::subject_kind.eq(grantee.kind()))
        )
        .filter(grants::subject_id.eq(grantee.id()))
        .execute(conn))?;
    Ok(())
}
