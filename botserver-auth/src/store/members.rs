//! Who belongs to an organisation, and as what.

use botlib::{OrgId, PersonId, Role};
use botstate::{
    db::{Connection, DbTime, DbUuid, members, people},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::model::tenants::Membership;

#[derive(Queryable, Selectable)]
#[diesel(table_name = members)]
pub(super) struct MemberRow {
    org_id: DbUuid,
    person_id: DbUuid,
    role: String,
    created_at: DbTime,
    suspended_at: Option<DbTime>,
}

impl From<MemberRow> for Membership {
    fn from(row: MemberRow) -> Self {
        Self {
            org: row.org_id.into(),
            person: row.person_id.into(),
            // A role that a newer server wrote grants the least there is.
            role: Role::named(&row.role).unwrap_or(Role::Visitor),
            created_at: row.created_at.into(),
            suspended_at: row.suspended_at.map(DateTime::<Utc>::from),
        }
    }
}

/// A person's place in an organisation.
pub(crate) fn find(conn: &mut Connection, org: OrgId, person: PersonId) -> QueryResult<Option<Membership>> {
    on_each!(conn, |conn| members::table
        .find((DbUuid::from(org), DbUuid::from(person)))
        .select(MemberRow::as_select())
        .first(conn)
        .optional())
    .map(|row| row.map(Membership::from))
}

/// Where somebody may act, the oldest place first.
pub(crate) fn places(conn: &mut Connection, person: PersonId) -> QueryResult<Vec<Membership>> {
    let rows: Vec<MemberRow> = on_each!(conn, |conn| members::table
        .filter(
            members::person_id
                .eq(DbUuid::from(person))
                .and(members::suspended_at.is_null())
        )
        .order((members::created_at, members::org_id))
        .select(MemberRow::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(Membership::from).collect())
}

/// How many people belong to an organisation.
pub(crate) fn count(conn: &mut Connection, org: OrgId) -> QueryResult<i64> {
    on_each!(conn, |conn| members::table
        .filter(members::org_id.eq(DbUuid::from(org)))
        .count()
        .get_result(conn))
}

/// Adds a person; false when the person belongs already.
pub(crate) fn insert(
    conn: &mut Connection,
    org: OrgId,
    person: PersonId,
    role: Role,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| diesel::insert_into(members::table)
        .values((
            members::org_id.eq(DbUuid::from(org)),
            members::person_id.eq(DbUuid::from(person)),
            members::role.eq(role.name()),
            members::created_at.eq(DbTime(now)),
        ))
        .on_conflict((members::org_id, members::person_id))
        .do_nothing()
        .execute(conn))?;
    Ok(rows == 1)
}

/// Writes the role, and whether the person may act.
pub(crate) fn update(
    conn: &mut Connection,
    org: OrgId,
    person: PersonId,
    role: Role,
    suspended_at: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::update(
        members::table.find((DbUuid::from(org), DbUuid::from(person)))
    )
    .set((
        members::role.eq(role.name()),
        members::suspended_at.eq(suspended_at.map(DbTime)),
    ))
    .execute(conn))?;
    // Servers of the version before read it, and know fewer roles.
    let known = match role {
        Role::ServerAdmin => Role::Admin,
        Role::Manager => Role::Member,
        role => role,
    };
    on_each!(conn, |conn| diesel::update(people::table)
        .filter(
            people::id
                .eq(DbUuid::from(person))
                .and(people::org_id.eq(DbUuid::from(org)))
        )
        .set(people::role.eq(known.name()))
        .execute(conn))?;
    Ok(())
}

/// Takes a person out, and with that out of the organisation's groups; false when the person is not in it.
pub(crate) fn remove(conn: &mut Connection, org: OrgId, person: PersonId) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| diesel::delete(
        members::table.find((DbUuid::from(org), DbUuid::from(person)))
    )
    .execute(conn))?;
    Ok(rows == 1)
}

/// Whether anybody but `except` can sign in and has one of `roles` in the organisation.
pub(crate) fn has_working(
    conn: &mut Connection,
    org: OrgId,
    roles: &[Role],
    except: Option<PersonId>,
) -> QueryResult<bool> {
    let except = except.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    on_each!(conn, |conn| diesel::select(diesel::dsl::exists(
        members::table
            .inner_join(people::table.on(people::id.eq(members::person_id)))
            .filter(members::org_id.eq(DbUuid::from(org)).and(members::role.eq_any(names)))
            .filter(members::suspended_at.is_null().and(members::person_id.ne(except)))
            .filter(people::disabled_at.is_null().and(people::password_hash.is_not_null())),
    ))
    .get_result(conn))
}
