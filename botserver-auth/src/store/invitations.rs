//! Invitations into an organisation.

use botlib::{InvitationId, OrgId, PersonId, Role};
use botstate::{
    db::{Connection, DbTime, DbUuid, invitations},
    on_each,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::model::tenants::Invitation;

#[derive(Queryable, Selectable)]
#[diesel(table_name = invitations)]
struct InvitationRow {
    id: DbUuid,
    org_id: DbUuid,
    email: String,
    role: String,
    invited_by: Option<DbUuid>,
    created_at: DbTime,
    expires_at: DbTime,
}

impl From<InvitationRow> for Invitation {
    fn from(row: InvitationRow) -> Self {
        Self {
            id: row.id.into(),
            org: row.org_id.into(),
            email: row.email,
            role: Role::named(&row.role).unwrap_or(Role::Visitor),
            invited_by: row.invited_by.map(PersonId::from),
            created_at: row.created_at.into(),
            expires_at: row.expires_at.into(),
        }
    }
}

/// The open invitation whose token has this hash; the token says of which organisation it is.
pub(crate) fn find_by_token(
    conn: &mut Connection,
    token_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<Invitation>> {
    on_each!(conn, |conn| invitations::table
        .filter(
            invitations::token_hash
                .eq(token_hash)
                .and(invitations::used_at.is_null())
        )
        .filter(invitations::expires_at.gt(DbTime(now)))
        .select(InvitationRow::as_select())
        .first(conn)
        .optional())
    .map(|row| row.map(Invitation::from))
}

/// An open invitation.
pub(crate) fn find(
    conn: &mut Connection,
    org: OrgId,
    id: InvitationId,
    now: DateTime<Utc>,
) -> QueryResult<Option<Invitation>> {
    on_each!(conn, |conn| invitations::table
        .filter(
            invitations::org_id
                .eq(DbUuid::from(org))
                .and(invitations::id.eq(DbUuid::from(id)))
        )
        .filter(
            invitations::used_at
                .is_null()
                .and(invitations::expires_at.gt(DbTime(now)))
        )
        .select(InvitationRow::as_select())
        .first(conn)
        .optional())
    .map(|row| row.map(Invitation::from))
}

/// At most `limit` open invitations after `after`, the oldest first.
pub(crate) fn list(
    conn: &mut Connection,
    org: OrgId,
    now: DateTime<Utc>,
    (after, limit): (Option<InvitationId>, i64),
) -> QueryResult<Vec<Invitation>> {
    let after = after.map_or(DbUuid(uuid::Uuid::nil()), DbUuid::from);
    let rows: Vec<InvitationRow> = on_each!(conn, |conn| invitations::table
        .filter(invitations::org_id.eq(DbUuid::from(org)).and(invitations::id.gt(after)))
        .filter(
            invitations::used_at
                .is_null()
                .and(invitations::expires_at.gt(DbTime(now)))
        )
        .order(invitations::id)
        .limit(limit)
        .select(InvitationRow::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(Invitation::from).collect())
}

/// Adds an invitation whose token has this hash, in place of all others to the same address.
pub(crate) fn replace(conn: &mut Connection, org: OrgId, new: &Invitation, token_hash: &str) -> QueryResult<()> {
    on_each!(conn, |conn| {
        diesel::delete(invitations::table)
            .filter(
                invitations::org_id
                    .eq(DbUuid::from(org))
                    .and(invitations::email.eq(&new.email)),
            )
            .execute(conn)?;
        diesel::insert_into(invitations::table)
            .values((
                invitations::id.eq(DbUuid::from(new.id)),
                invitations::org_id.eq(DbUuid::from(org)),
                invitations::email.eq(&new.email),
                invitations::role.eq(new.role.name()),
                invitations::token_hash.eq(token_hash),
                invitations::invited_by.eq(new.invited_by.map(DbUuid::from)),
                invitations::created_at.eq(DbTime(new.created_at)),
                invitations::expires_at.eq(DbTime(new.expires_at)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// Uses an invitation up; false when somebody was faster or it is too old. Of many at once exactly one gets true.
pub(crate) fn use_up(conn: &mut Connection, org: OrgId, id: InvitationId, now: DateTime<Utc>) -> QueryResult<bool> {
    let rows = on_each!(conn, |conn| diesel::update(invitations::table)
        .filter(
            invitations::org_id
                .eq(DbUuid::from(org))
                .and(invitations::id.eq(DbUuid::from(id)))
        )
        .filter(
            invitations::used_at
                .is_null()
                .and(invitations::expires_at.gt(DbTime(now)))
        )
        .set(invitations::used_at.eq(DbTime(now)))
        .execute(conn))?;
    Ok(rows == 1)
}
