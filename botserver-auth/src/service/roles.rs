//! Roles that an organisation makes, and who is granted which role.

use std::collections::BTreeSet;

use botlib::{Caller, GrantId, Page, PageRequest, Permission, Resource, Role, Subject};
use botstate::{audit::Act, db::Connection};
use chrono::TimeDelta;

use super::{AuthService, members::Judge, need, need_on, people::cursor};
use crate::{
    Error, Grant, Grantee, NamedRole,
    model::tenants::{checked_description, checked_word},
    store::{groups, members, organizations, roles, standings},
};

/// Roles that an organisation may make.
const MANY: usize = 200;
/// The longest that a grant with an end may last.
const LONGEST: TimeDelta = TimeDelta::days(3660);

/// Refuses whoever would give what they do not hold.
fn may_give(caller: &Caller, action: Permission, given: &BTreeSet<Permission>) -> Result<(), Error> {
    let resource = Resource::of(caller.org).holding(given);
    need_on(caller, action, &resource, || Error::Forbidden(action))
}

/// What a role brings, where the caller may give it.
fn givable(conn: &mut Connection, judge: &Judge, name: &str) -> Result<(), Error> {
    let is_of_people = !matches!(Role::named(name), Some(Role::Visitor | Role::ServerAdmin));
    let found = standings::of_role(conn, judge.caller.org, name)?.filter(|_| is_of_people);
    let brought = found.ok_or_else(|| Error::UnknownRole(name.chars().take(100).collect()))?;
    may_give(&judge.caller, Permission::RolesGrant, &judge.counting(brought))
}

impl AuthService {
    /// Every role of the caller's organisation: those that there always are, then its own by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn list_roles(&self, caller: &Caller) -> Result<Vec<NamedRole>, Error> {
        need(caller, Permission::RolesRead)?;
        let org = caller.org;
        let own = self
            .db
            .read(move |conn| Ok::<_, Error>(roles::list(conn, org)?))
            .await?;
        let built_in = Role::ALL.into_iter().map(built_in);
        Ok(built_in.chain(own).collect())
    }

    /// A role of the caller's organisation.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownRole`].
    pub async fn get_role(&self, caller: &Caller, name: &str) -> Result<NamedRole, Error> {
        need(caller, Permission::RolesRead)?;
        if let Some(role) = Role::named(name) {
            return Ok(built_in(role));
        }
        let (org, name) = (caller.org, name.to_owned());
        self.db
            .read(move |conn| roles::find(conn, org, &name)?.ok_or_else(|| unknown(&name)))
            .await
    }

    /// Makes a role out of permissions that the caller holds.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`], [`Error::NameTaken`].
    #[tracing::instrument(name = "auth.create_role", skip_all)]
    pub async fn create_role(
        &self,
        caller: &Caller,
        name: &str,
        description: &str,
        permissions: BTreeSet<Permission>,
    ) -> Result<NamedRole, Error> {
        need(caller, Permission::RolesWrite)?;
        let role = NamedRole {
            name: checked_word(name, "/name")?,
            description: checked_description(description)?,
            permissions,
            is_built_in: false,
        };
        if Role::named(&role.name).is_some() {
            return Err(Error::NameTaken("/name"));
        }
        may_give(caller, Permission::RolesWrite, &role.permissions)?;
        let (org, made, now) = (caller.org, role.clone(), self.clock.now());
        let (act, at) = (Act::of(caller, "roles.create").on("role", &role.name), self.clock.now());
        self.db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                if roles::list(conn, org)?.len() >= MANY {
                    return Err(Error::TooMany("roles"));
                }
                if roles::insert(conn, org, &made, now)? {
                    Ok(())
                } else {
                    Err(Error::NameTaken("/name"))
                }
            })
            .await?;
        tracing::info!(role = role.name, "a role was made");
        Ok(role)
    }

    /// Changes a role that the organisation made. The caller must hold what it brought and what it is to bring.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`], [`Error::UnknownRole`], [`Error::BuiltIn`].
    #[tracing::instrument(name = "auth.update_role", skip_all)]
    pub async fn update_role(
        &self,
        caller: &Caller,
        name: &str,
        description: Option<&str>,
        permissions: Option<BTreeSet<Permission>>,
    ) -> Result<NamedRole, Error> {
        need(caller, Permission::RolesWrite)?;
        refuse_built_in(name)?;
        let description = description.map(checked_description).transpose()?;
        let (org, asked, name) = (caller.org, caller.clone(), name.to_owned());
        let (act, at) = (Act::of(caller, "roles.update").on("role", &name), self.clock.now());
        let role = self
            .db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                let mut role = roles::find(conn, org, &name)?.ok_or_else(|| unknown(&name))?;
                may_give(&asked, Permission::RolesWrite, &role.permissions)?;
                role.description = description.unwrap_or(role.description);
                role.permissions = permissions.unwrap_or(role.permissions);
                may_give(&asked, Permission::RolesWrite, &role.permissions)?;
                roles::update(conn, org, &role)?;
                Ok::<_, Error>(role)
            })
            .await?;
        tracing::info!(role = role.name, "a role was changed");
        self.publish_access(org, None).await;
        Ok(role)
    }

    /// Removes a role that the organisation made, and takes it back from everybody.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownRole`], [`Error::BuiltIn`].
    #[tracing::instrument(name = "auth.remove_role", skip_all)]
    pub async fn remove_role(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        need(caller, Permission::RolesWrite)?;
        refuse_built_in(name)?;
        let (org, asked, name) = (caller.org, caller.clone(), name.to_owned());
        let (act, at) = (Act::of(caller, "roles.remove").on("role", &name), self.clock.now());
        self.db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                let role = roles::find(conn, org, &name)?.ok_or_else(|| unknown(&name))?;
                may_give(&asked, Permission::RolesWrite, &role.permissions)?;
                roles::remove(conn, org, &name)?;
                Ok::<_, Error>(())
            })
            .await?;
        self.publish_access(org, None).await;
        Ok(())
    }

    /// A page of what is granted in the caller's organisation, the oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], and [`Error::Invalid`] for a cursor that is none.
    pub async fn list_grants(&self, caller: &Caller, page: &PageRequest) -> Result<Page<Grant>, Error> {
        need(caller, Permission::RolesRead)?;
        let (org, now) = (caller.org, self.clock.now());
        let (after, limit) = (cursor(page)?, page.limit());
        let rows = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let found = self
            .db
            .read(move |conn| Ok::<_, Error>(roles::list_grants(conn, org, now, (after, rows))?))
            .await?;
        Ok(Page::of(found, limit, |grant| grant.id.to_string()))
    }

    /// Grants a role, in place of an earlier grant of it to the same.
    ///
    /// # Errors
    /// [`Error::Forbidden`], also for a role that brings more than the caller has; [`Error::UnknownRole`],
    /// [`Error::UnknownPerson`], [`Error::UnknownGroup`], [`Error::UnknownBot`], [`Error::Invalid`].
    #[tracing::instrument(name = "auth.grant", skip_all)]
    pub async fn grant(
        &self,
        caller: &Caller,
        role: &str,
        grantee: Grantee,
        lasts: Option<TimeDelta>,
    ) -> Result<Grant, Error> {
        need(caller, Permission::RolesGrant)?;
        let now = self.clock.now();
        if lasts.is_some_and(|lasts| lasts <= TimeDelta::zero() || lasts > LONGEST) {
            return Err(Error::Invalid {
                field: "/days",
                reason: "must be 1 to 3660",
            });
        }
        if let Grantee::Bot(bot) = grantee {
            self.own_bot(caller, &bot.to_string())?;
        }
        let made = Grant {
            id: GrantId::new(),
            role: role.to_owned(),
            grantee,
            granted_by: match caller.subject {
                Subject::Person(person) => Some(person),
                _ => None,
            },
            created_at: now,
            expires_at: lasts.map(|lasts| now + lasts),
        };
        let (org, judge, kept) = (caller.org, self.judge(caller), made.clone());
        let (act, at) = (
            Act::of(caller, "roles.grant")
                .on(grantee.kind(), grantee.id())
                .with("role", role),
            self.clock.now(),
        );
        self.db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                givable(conn, &judge, &kept.role)?;
                match grantee {
                    Grantee::Person(person) => {
                        members::find(conn, org, person)?.ok_or(Error::UnknownPerson(person))?;
                    }
                    Grantee::Group(group) => {
                        groups::find(conn, org, group)?.ok_or(Error::UnknownGroup(group))?;
                    }
                    Grantee::Bot(_) => {}
                }
                Ok::<_, Error>(roles::grant(conn, org, &kept)?)
            })
            .await?;
        tracing::info!(role = made.role, to = made.grantee.kind(), "a role was granted");
        self.publish_granted(org, grantee).await;
        Ok(made)
    }

    /// Takes a grant back. The caller must hold what it brought.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownGrant`].
    #[tracing::instrument(name = "auth.take_back", skip_all)]
    pub async fn take_back(&self, caller: &Caller, id: GrantId) -> Result<(), Error> {
        need(caller, Permission::RolesGrant)?;
        let (org, judge) = (caller.org, self.judge(caller));
        let (act, at) = (Act::of(caller, "roles.take-back").on("grant", id), self.clock.now());
        let grantee = self
            .db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                let grant = roles::find_grant(conn, org, id)?.ok_or(Error::UnknownGrant(id))?;
                givable(conn, &judge, &grant.role)?;
                roles::take_back(conn, org, id)?;
                Ok::<_, Error>(grant.grantee)
            })
            .await?;
        tracing::info!(grant.id = %id, "a grant was taken back");
        self.publish_granted(org, grantee).await;
        Ok(())
    }

    async fn publish_granted(&self, org: botlib::OrgId, grantee: Grantee) {
        match grantee {
            Grantee::Person(person) => self.publish_access(org, Some(person)).await,
            Grantee::Group(_) => self.publish_access(org, None).await,
            // A bot reads its rights each time it uses them.
            Grantee::Bot(_) => {}
        }
    }
}

fn built_in(role: Role) -> NamedRole {
    NamedRole {
        name: role.name().to_owned(),
        description: match role {
            Role::Visitor => "Somebody without an account.",
            Role::Member => "Talks to bots and manages the own account.",
            Role::Operator => "Looks after bots and the server's health.",
            Role::Manager => "Looks after people and groups.",
            Role::Admin => "May do everything in the organisation.",
            Role::ServerAdmin => "May do everything, and looks after the organisations of the server.",
        }
        .to_owned(),
        permissions: role.permissions().iter().copied().collect(),
        is_built_in: true,
    }
}

fn refuse_built_in(name: &str) -> Result<(), Error> {
    match Role::named(name) {
        Some(_) => Err(Error::BuiltIn),
        None => Ok(()),
    }
}

fn unknown(name: &str) -> Error {
    Error::UnknownRole(name.chars().take(100).collect())
}
