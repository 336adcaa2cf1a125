//! People: accounts, which are one person's on the whole server, and what the person is in an organisation.

use botlib::{OrgId, PersonId};
use botstate::{
    db::{Connection, DbTime, DbUuid, members, people},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::members::MemberRow;
use crate::{Person, model::tenants::Membership};

#[derive(Queryable, Selectable)]
#[diesel(table_name = people)]
struct PersonRow {
    id: DbUuid,
    org_id: DbUuid,
    email: String,
    name: String,
    password_hash: Option<String>,
    created_at: DbTime,
    disabled_at: Option<DbTime>,
}

/// An account.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) id: PersonId,
    pub(crate) home: OrgId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) password_hash: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) disabled_at: Option<DateTime<Utc>>,
}

impl From<PersonRow> for Account {
    fn from(row: PersonRow) -> Self {
        Self {
            id: row.id.into(),
            home: row.org_id.into(),
            email: row.email,
            name: row.name,
            password_hash: row.password_hash,
            created_at: row.created_at.into(),
            disabled_at: row.disabled_at.map(DateTime::<Utc>::from),
        }
    }
}

impl Account {
    /// The person that the account's owner is in an organisation.
    pub(crate) fn into_member(self, membership: &Membership) -> Person {
        Person {
            id: self.id,
            email: self.email,
            name: self.name,
            home: self.home,
            role: membership.role,
            suspended_at: membership.suspended_at,
            created_at: self.created_at,
            disabled_at: self.disabled_at,
            password_hash: self.password_hash,
        }
    }
}

fn person((row, member): (PersonRow, MemberRow)) -> Person {
    Account::from(row).into_member(&member.into())
}

/// Finds a member of an organisation by id.
pub(crate) fn find(conn: &mut Connection, org: OrgId, id: PersonId) -> QueryResult<Option<Person>> {
    on_each!(conn, |conn| people::table
        .inner_join(members::table.on(members::person_id.eq(people::id)))
        .filter(
            members::org_id
                .eq(DbUuid::from(org))
                .and(people::id.eq(DbUuid::from(id)))
        )
        .select((PersonRow::as_select(), MemberRow::as_select()))
        .first(conn)
        .optional())
    .map(|row| row.map(person))
}

/// Finds a member of an organisation by mail address in its normal form.
pub(crate) fn find_by_email(conn: &mut Connection, org: OrgId, email: &str) -> QueryResult<Option<Person>> {
    on_each!(conn, |conn| people::table
        .inner_join(members::table.on(members::person_id.eq(people::id)))
        .filter(members::org_id.eq(DbUuid::from(org)).and(people::email.eq(email)))
        .select((PersonRow::as_select(), MemberRow::as_select()))
        .first(conn)
        .optional())
    .map(|row| row.map(person))
}

/// Finds an account by mail address in its normal form, whatever the organisations: for those who prove that it is
/// theirs.
pub(crate) fn find_account(conn: &mut Connection, email: &str) -> QueryResult<Option<Account>> {
    on_each!(conn, |conn| people::table
        .filter(people::email.eq(email))
        .select(PersonRow::as_select())
        .first(conn)
        .optional())
    .map(|row| row.map(Account::from))
}

/// At most `limit` members of an organisation after `after`, the oldest account first.
pub(crate) fn list(conn: &mut Connection, org: OrgId, after: Option<PersonId>, limit: i64) -> QueryResult<Vec<Person>> {
    // No id sorts before the nil UUID.
    let after = after.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    let rows: Vec<(PersonRow, MemberRow)> = on_each!(conn, |conn| people::table
        .inner_join(members::table.on(members::person_id.eq(people::id)))
        .filter(members::org_id.eq(DbUuid::from(org)).and(people::id.gt(after)))
        .order(people::id)
        .limit(limit)
        .select((PersonRow::as_select(), MemberRow::as_select()))
        .load(conn))?;
    Ok(rows.into_iter().map(person).collect())
}

/// Adds an account that `org` looks after, and its owner as a member; false when the mail address is taken.
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
            .on_conflict(people::email)
            .do_nothing()
            .execute(conn)
    })?;
    if rows == 0 {
        return Ok(false);
    }
    super::members::insert(conn, org, person.id, person.role, person.created_at)?;
    super::members::update(conn, org, person.id, person.role, person.suspended_at)?;
    Ok(true)
}

/// Writes name and whether the account is disabled, where `org` looks after it.
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
                people::disabled_at.eq(person.disabled_at.map(DbTime)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// Sets the password's hash, whatever it was, where `org` looks after the account.
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
pub(crate) fn replace_password(conn: &mut Connection, id: PersonId, checked: &str, fresh: &str) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| {
        diesel::update(people::table.find(DbUuid::from(id)))
            .filter(people::password_hash.eq(checked).and(people::disabled_at.is_null()))
            .set(people::password_hash.eq(fresh))
            .execute(conn)
    })?;
    Ok(rows == 1)
}
