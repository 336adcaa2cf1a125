//! Who belongs to the organisation, and as what.

use std::collections::BTreeSet;

use botlib::{Caller, OrgId, Permission, PersonId, Resource, Role};
use botstate::{audit::Act, db::Connection};
use chrono::{DateTime, Utc};

use super::{
    AuthService, need, need_on,
    standings::{Standings, Who},
};
use crate::{
    Error, MemberChange, Person,
    model::tenants::Grantee,
    store::{bots, keys, members, organizations, people, roles, sessions},
};

/// Roles with which somebody can administer an organisation.
const ADMINS: [Role; 2] = [Role::Admin, Role::ServerAdmin];

/// What decides about changes of a member.
#[derive(Clone)]
pub(super) struct Judge {
    pub(super) caller: Caller,
    pub(super) standings: Standings,
    pub(super) server: OrgId,
    pub(super) now: DateTime<Utc>,
}

impl Judge {
    /// The member with this id, if the caller may change them: nobody touches somebody who may do more.
    pub(super) fn changeable(&self, conn: &mut Connection, id: PersonId) -> Result<Person, Error> {
        let org = self.caller.org;
        let unknown = move || Error::UnknownPerson(id);
        let person = people::find(conn, org, id)?.ok_or_else(unknown)?;
        // Somebody who is suspended holds what they will hold again.
        let mut held = self
            .standings
            .read(conn, org, Who::Person(id), self.now)?
            .unwrap_or_default()
            .permissions;
        held.extend(self.counting(person.role.permissions().iter().copied()));
        need_on(
            &self.caller,
            Permission::UsersWrite,
            &Resource::of(org).holding(&held),
            unknown,
        )?;
        Ok(person)
    }

    /// What of `permissions` counts in the caller's organisation.
    pub(super) fn counting(&self, permissions: impl IntoIterator<Item = Permission>) -> BTreeSet<Permission> {
        let owns_server = self.caller.org == self.server;
        let all = permissions.into_iter();
        all.filter(|permission| owns_server || !permission.is_server_wide())
            .collect()
    }

    /// Refuses to make somebody what the caller is not.
    pub(super) fn may_give(&self, role: Role, action: Permission) -> Result<(), Error> {
        let is_of_people = role != Role::Visitor && (role != Role::ServerAdmin || self.caller.org == self.server);
        if !is_of_people {
            return Err(Error::Invalid {
                field: "/role",
                reason: "is not a role of people here",
            });
        }
        let brought = self.counting(role.permissions().iter().copied());
        let given = Resource::of(self.caller.org).holding(&brought);
        need_on(&self.caller, action, &given, || Error::Forbidden(action))
    }

    /// Refuses when `after` cannot administer what `before` could, and nobody else can.
    pub(super) fn keeps_admin(
        &self,
        conn: &mut Connection,
        before: &Person,
        after: Option<&Person>,
    ) -> Result<(), Error> {
        let org = self.caller.org;
        let mut needed: Vec<&[Role]> = vec![&ADMINS];
        if org == self.server {
            needed.push(&[Role::ServerAdmin]);
        }
        for roles in needed {
            let has = |person: &Person| person.is_working() && roles.contains(&person.role);
            if has(before) && !after.is_some_and(has) && !members::has_working(conn, org, roles, Some(before.id))? {
                return Err(Error::LastAdmin);
            }
        }
        Ok(())
    }
}

impl AuthService {
    pub(super) fn judge(&self, caller: &Caller) -> Judge {
        Judge {
            caller: caller.clone(),
            standings: self.standings.clone(),
            server: self.org,
            now: self.clock.now(),
        }
    }

    /// Changes what somebody is in the caller's organisation.
    ///
    /// # Errors
    /// [`Error::Forbidden`], also where the person may do more than the caller; [`Error::UnknownPerson`],
    /// [`Error::Invalid`], [`Error::LastAdmin`].
    #[tracing::instrument(name = "auth.update_member", skip_all)]
    pub async fn update_member(&self, caller: &Caller, id: PersonId, change: MemberChange) -> Result<Person, Error> {
        need(caller, Permission::UsersWrite)?;
        let (org, judge) = (caller.org, self.judge(caller));
        let now = judge.now;
        let (act, at) = (Act::of(caller, "members.update").on("person", id), self.clock.now());
        let (person, ended) = self
            .db
            .write(move |conn| {
                // Two administrators who demote each other at once must not both succeed.
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                let before = judge.changeable(conn, id)?;
                let mut person = before.clone();
                if let Some(role) = change.role
                    && role != before.role
                {
                    judge.may_give(role, Permission::UsersWrite)?;
                    person.role = role;
                }
                person.suspended_at = match change.suspended {
                    Some(true) => person.suspended_at.or(Some(now)),
                    Some(false) => None,
                    None => person.suspended_at,
                };
                judge.keeps_admin(conn, &before, Some(&person))?;
                members::update(conn, org, id, person.role, person.suspended_at)?;
                let ended = if person.suspended_at.is_some() {
                    sessions::end_in(conn, org, id, now)?
                } else {
                    Vec::new()
                };
                Ok::<_, Error>((person, ended))
            })
            .await?;
        tracing::info!(person.id = %id, role = person.role.name(), "a member was changed");
        self.publish_access(org, Some(id)).await;
        self.publish_ended(ended).await;
        Ok(person)
    }

    /// Takes somebody out of the caller's organisation, with their groups, grants, keys and sessions there. The account
    /// stays.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownPerson`], [`Error::LastAdmin`].
    #[tracing::instrument(name = "auth.remove_member", skip_all)]
    pub async fn remove_member(&self, caller: &Caller, id: PersonId) -> Result<(), Error> {
        need(caller, Permission::UsersWrite)?;
        let (org, judge) = (caller.org, self.judge(caller));
        let now = judge.now;
        let (act, at) = (Act::of(caller, "members.remove").on("person", id), self.clock.now());
        let ended = self
            .db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                let person = judge.changeable(conn, id)?;
                judge.keeps_admin(conn, &person, None)?;
                let grantee = Grantee::Person(id);
                roles::take_back_all(conn, org, grantee)?;
                bots::forget(conn, org, grantee)?;
                keys::revoke_all(conn, org, id, now)?;
                members::remove(conn, org, id)?;
                Ok::<_, Error>(sessions::end_in(conn, org, id, now)?)
            })
            .await?;
        tracing::info!(person.id = %id, "a member was taken out");
        self.publish_access(org, Some(id)).await;
        self.publish_ended(ended).await;
        Ok(())
    }
}
