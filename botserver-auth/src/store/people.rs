//! People.

use botlib::{OrgId, PersonId, Role};
use botstate::{
    db::{Connection, DbTime, DbUuid, people},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::Person;

#[derive(Queryable, Selectable)]
#[diesel(table_name = people)]
struct PersonRow {
    id: DbUuid,
    email: String,
    name: String,
    role: String,
    password_hash: Option<String>,
    created_at: DbTime,
    disabled_at: Option<DbTime>,
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        // A role that a newer server wrote grants the least there is.
        let role = Role::ALL
            .into_iter()
            .find(|role| role.name() == row.role)
            .unwrap_or(Role::Visitor);
        Self {
            id: row.id.into(),
            email: row.email,
            name: row.name,
            role,
            created_at: row.created_at.into(),
            disabled_at: row.disabled_at.map(DateTime::<Utc>::from),
            password_hash: row.password_hash,
        }
    }
}

/// Finds a person by id.
pub(crate) fn find(conn: &mut Connection, org: OrgId, id: PersonId) -> QueryResult<Option<Person>> {
    on_each!(conn, |conn| {
        people::table
            .filter(
                people::org_id
                    .eq(DbUuid::from(org))
                    .and(people::id.eq(DbUuid::from(id))),
            )
            .select(PersonRow::as_select())
            .first(conn)
            .optional()
    })
    .map(|row| row.map(Person::from))
}

/// Finds a person by mail address in its normal form.
pub(crate) fn find_by_email(conn: &mut Connection, org: OrgId, email: &str) -> QueryResult<Option<Person>> {
    on_each!(conn, |conn| {
        people::table
            .filter(people::org_id.eq(DbUuid::from(org)).and(people::email.eq(email)))
            .select(PersonRow::as_select())
            .first(conn)
            .optional()
    })
    .map(|row| row.map(Person::from))
}

/// At most `limit` people after `after`, the oldest account first.
pub(crate) fn list(conn: &mut Connection, org: OrgId, after: Option<PersonId>, limit: i64) -> QueryResult<Vec<Person>> {
    // No id sorts before the nil UUID.
    let after = after.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    on_each!(conn, |conn| {
        people::table
            .filter(people::org_id.eq(DbUuid::from(org)).and(people::id.gt(after)))
            .order(people::id)
            .limit(limit)
            .select(PersonRow::as_select())
            .load(conn)
    })
    .map(|rows| rows.into_iter().map(Person::from).collect())
}

/// Adds a person; false when the mail address is taken.
pub(crate) fn insert(conn: &mut Connection, org: OrgId, person: &Person) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        diesel::insert_into(people::table)
            .values((
                people::id.eq(DbUuid::from(person.id)),
                people::org_id.eq(DbUuid::from(org)),
                people::email.eq(&person.email),
                people::name.eq(&person.name),
                people::role.eq(person.role.name()),
                people::password_hash.eq(&person.password_hash),
                people::created_at.eq(DbTime(person.created_at)),
                people::disabled_at.eq(person.disabled_at.map(DbTime)),
            ))
            .on_conflict((people::org_id, people::email))
            .do_nothing()
            .execute(conn)
    })?;
    Ok(rows == 1)
}

/// Writes name, role and whether the account is disabled.
pub(crate) fn update(conn: &mut Connection, org: OrgId, person: &Person) -> QueryResult<()> {
    on_each!(conn, |conn| {
        diesel::update(people::table)
            .filter(
                people::org_id
                    .eq(DbUuid::from(org))
                    .and(people::id.eq(DbUuid::from(person.id))),
            )
            .set((
                people::name.eq(&person.name),
                people::role.eq(person.role.name()),
                people::disabled_at.eq(person.disabled_at.map(DbTime)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// Sets the password's hash, whatever it was.
pub(crate) fn set_password(conn: &mut Connection, org: OrgId, id: PersonId, hash: &str) -> QueryResult<()> {
    on_each!(conn, |conn| {
        diesel::update(people::table)
            .filter(
                people::org_id
                    .eq(DbUuid::from(org))
                    .and(people::id.eq(DbUuid::from(id))),
            )
            .set(people::password_hash.eq(hash))
            .execute(conn)
    })?;
    Ok(())
}

/// Puts `fresh` in place of the hash `checked` that a password was compared with; false when the account was disabled or
/// got another password meanwhile. Until the transaction ends nobody else can do either.
pub(crate) fn replace_password(
    conn: &mut Connection,
    org: OrgId,
    id: PersonId,
    checked: &str,
    fresh: &str,
) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        diesel::update(people::table)
            .filter(
                people::org_id
                    .eq(DbUuid::from(org))
                    .and(people::id.eq(DbUuid::from(id))),
            )
            .filter(people::password_hash.eq(checked).and(people::disabled_at.is_null()))
            .set(people::password_hash.eq(fresh))
            .execute(conn)
    })?;
    Ok(rows == 1)
}

/// Whether anybody but `except` can sign in and administer the organisation.
pub(crate) fn has_working_admin(conn: &mut Connection, org: OrgId, except: Option<PersonId>) -> QueryResult<bool> {
    let except = except.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    on_each!(conn, |conn| {
        diesel::select(diesel::dsl::exists(
            people::table
                .filter(
                    people::org_id
                        .eq(DbUuid::from(org))
                        .and(people::role.eq(Role::Admin.name())),
                )
                .filter(people::disabled_at.is_null().and(people::password_hash.is_not_null()))
                .filter(people::id.ne(except)),
        ))
        .get_result(conn)
    })
}
