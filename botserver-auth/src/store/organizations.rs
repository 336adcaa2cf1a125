//! Organisations.

use botlib::{OrgId, PersonId};
use botstate::{
    db::{Connection, DbTime, DbUuid, members, organizations},
    on_each,
};
use diesel::prelude::*;

use crate::model::tenants::{Organization, Plan};

#[derive(Queryable, Selectable)]
#[diesel(table_name = organizations)]
struct OrganizationRow {
    id: DbUuid,
    name: String,
    created_at: DbTime,
    slug: String,
    plan: String,
    settings: String,
}

impl From<OrganizationRow> for Organization {
    fn from(row: OrganizationRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            slug: row.slug,
            plan: Plan::named(&row.plan),
            settings: serde_json::from_str(&row.settings).unwrap_or_default(),
            created_at: row.created_at.into(),
        }
    }
}

/// Notes that what people may do in the organisation changes with this transaction, and makes other transactions that
/// do the same wait for it; false when there is no such organisation.
pub(crate) fn touch(conn: &mut Connection, org: OrgId) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        diesel::update(organizations::table.find(DbUuid::from(org)))
            .set(organizations::access_version.eq(organizations::access_version + 1))
            .execute(conn)
    })?;
    Ok(rows == 1)
}

/// How often what people may do has changed; nothing when there is no such organisation.
pub(crate) fn access_version(conn: &mut Connection, org: OrgId) -> QueryResult<Option<i64>> {
    on_each!(conn, |conn| organizations::table
        .find(DbUuid::from(org))
        .select(organizations::access_version)
        .first(conn)
        .optional())
}

/// An organisation.
pub(crate) fn find(conn: &mut Connection, org: OrgId) -> QueryResult<Option<Organization>> {
    on_each!(conn, |conn| organizations::table
        .find(DbUuid::from(org))
        .select(OrganizationRow::as_select())
        .first(conn)
        .optional())
    .map(|row| row.map(Organization::from))
}

/// At most `limit` organisations after `after`: those that a person belongs to, or all.
pub(crate) fn list(
    conn: &mut Connection,
    person: Option<PersonId>,
    (after, limit): (Option<OrgId>, i64),
) -> QueryResult<Vec<Organization>> {
    let after = after.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    let rows: Vec<OrganizationRow> = on_each!(conn, |conn| {
        let page = organizations::table
            .filter(organizations::id.gt(after))
            .order(organizations::id)
            .limit(limit)
            .select(OrganizationRow::as_select());
        match person {
            None => page.load(conn),
            Some(person) => {
                let own = members::table
                    .filter(
                        members::person_id
                            .eq(DbUuid::from(person))
                            .and(members::suspended_at.is_null()),
                    )
                    .select(members::org_id);
                page.filter(organizations::id.eq_any(own)).load(conn)
            }
        }
    })?;
    Ok(rows.into_iter().map(Organization::from).collect())
}

/// Adds an organisation; false when the slug is taken.
pub(crate) fn insert(conn: &mut Connection, new: &Organization) -> QueryResult<bool> {
    let settings = serde_json::json!(new.settings).to_string();
    let is_taken = on_each!(conn, |conn| diesel::select(diesel::dsl::exists(
        organizations::table.filter(organizations::slug.eq(&new.slug))
    ))
    .get_result::<bool>(conn))?;
    if is_taken {
        return Ok(false);
    }
    on_each!(conn, |conn| diesel::insert_into(organizations::table)
        .values((
            organizations::id.eq(DbUuid::from(new.id)),
            organizations::name.eq(&new.name),
            organizations::slug.eq(&new.slug),
            organizations::plan.eq(new.plan.name()),
            organizations::settings.eq(&settings),
            organizations::created_at.eq(DbTime(new.created_at)),
        ))
        .execute(conn))?;
    Ok(true)
}

/// Writes name, plan and settings.
pub(crate) fn update(conn: &mut Connection, org: OrgId, new: &Organization) -> QueryResult<()> {
    let settings = serde_json::json!(new.settings).to_string();
    on_each!(conn, |conn| diesel::update(
        organizations::table.find(DbUuid::from(org))
    )
    .set((
        organizations::name.eq(&new.name),
        organizations::plan.eq(new.plan.name()),
        organizations::settings.eq(&settings),
    ))
    .execute(conn))?;
    Ok(())
}
