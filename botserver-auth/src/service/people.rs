//! Looking after the people of an organisation.

use std::str::FromStr;

use botlib::{Caller, Page, PageRequest, Permission, PersonId, Role};
use botstate::{audit::Act, event::Event};

use super::{AuthService, need};
use crate::{
    ClaimLink, Error, NewPerson, Person, PersonChange,
    model::{checked_email, checked_name, normal_email},
    store::{links, members, organizations, people, sessions},
};

impl AuthService {
    /// A page of the people of the caller's organisation, the oldest account first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], and [`Error::Invalid`] for a cursor that is none.
    pub async fn list_people(&self, caller: &Caller, page: &PageRequest) -> Result<Page<Person>, Error> {
        need(caller, Permission::UsersRead)?;
        let (org, limit) = (caller.org, page.limit());
        let after = cursor(page)?;
        let rows = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let found = self
            .db
            .read(move |conn| Ok::<_, Error>(people::list(conn, org, after, rows)?))
            .await?;
        Ok(Page::of(found, limit, |person| person.id.to_string()))
    }

    /// A person of the caller's organisation.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownPerson`].
    pub async fn get_person(&self, caller: &Caller, id: PersonId) -> Result<Person, Error> {
        need(caller, Permission::UsersRead)?;
        let org = caller.org;
        self.db
            .read(move |conn| people::find(conn, org, id)?.ok_or(Error::UnknownPerson(id)))
            .await
    }

    /// Makes an account in the caller's organisation, with the link that opens it.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`], [`Error::EmailTaken`].
    #[tracing::instrument(name = "auth.invite", skip_all)]
    pub async fn invite(&self, caller: &Caller, new: NewPerson) -> Result<(Person, ClaimLink), Error> {
        need(caller, Permission::UsersWrite)?;
        self.judge(caller).may_give(new.role, Permission::UsersWrite)?;
        let link = self.new_link()?;
        let person = Person {
            id: PersonId::new(),
            email: checked_email(&new.email)?,
            name: checked_name(&new.name)?,
            home: caller.org,
            role: new.role,
            suspended_at: None,
            created_at: self.clock.now(),
            disabled_at: None,
            password_hash: None,
        };
        let (org, added) = (caller.org, person.clone());
        let (act, at) = (
            Act::of(caller, "people.create")
                .on("person", person.id)
                .with("role", person.role.name()),
            self.clock.now(),
        );
        let link = self
            .db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                super::invitations::has_room(conn, org, &added.email)?;
                if !people::insert(conn, org, &added)? {
                    return Err(Error::EmailTaken);
                }
                link.replace(conn, org, added.id)?;
                Ok(link)
            })
            .await?;
        tracing::info!(person.id = %person.id, role = person.role.name(), "an account was made");
        let link = self.claim_link(&link, &person);
        Ok((person, link))
    }

    /// Makes an account for the command line, which acts for whoever owns the server.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::EmailTaken`].
    pub async fn create_person(&self, email: &str, name: &str, role: Role) -> Result<ClaimLink, Error> {
        let new = NewPerson {
            email: email.to_owned(),
            name: name.to_owned(),
            role,
        };
        self.invite(&Caller::system(self.org), new).await.map(|(_, link)| link)
    }

    /// A fresh link for a person who lost the first one or the password. Sessions go on until it is used.
    ///
    /// # Errors
    /// [`Error::Forbidden`], also where the person may do more than the caller; [`Error::UnknownPerson`], also for a
    /// disabled account; [`Error::ForeignAccount`] where another organisation looks after it.
    #[tracing::instrument(name = "auth.renew_link", skip_all)]
    pub async fn renew_link(&self, caller: &Caller, id: PersonId) -> Result<ClaimLink, Error> {
        need(caller, Permission::UsersWrite)?;
        let (org, link, judge) = (caller.org, self.new_link()?, self.judge(caller));
        let (act, at) = (Act::of(caller, "people.link").on("person", id), self.clock.now());
        let (link, person) = self
            .db
            .write(move |conn| {
                act.record(conn, at)?;
                let person = judge.changeable(conn, id)?;
                if person.home != org {
                    return Err(Error::ForeignAccount);
                }
                if person.disabled_at.is_some() {
                    return Err(Error::UnknownPerson(id));
                }
                link.replace(conn, org, id)?;
                Ok::<_, Error>((link, person))
            })
            .await?;
        tracing::info!(person.id = %id, "a new link for an account was made");
        Ok(self.claim_link(&link, &person))
    }

    /// The person with a mail address, for the command line.
    ///
    /// # Errors
    /// [`Error::Database`] when the database fails.
    pub async fn find_person(&self, email: &str) -> Result<Option<Person>, Error> {
        let (org, email) = (self.org, normal_email(email));
        self.db
            .read(move |conn| Ok::<_, Error>(people::find_by_email(conn, org, &email)?))
            .await
    }

    /// Changes a person. One who is disabled is signed out everywhere at once.
    ///
    /// # Errors
    /// [`Error::Forbidden`], also where the person may do more than the caller; [`Error::UnknownPerson`],
    /// [`Error::Invalid`], [`Error::ForeignAccount`] for name and account of somebody whom another organisation looks
    /// after, and [`Error::LastAdmin`] when nobody would be left who can administer the organisation.
    #[tracing::instrument(name = "auth.update_person", skip_all)]
    pub async fn update_person(&self, caller: &Caller, id: PersonId, change: PersonChange) -> Result<Person, Error> {
        need(caller, Permission::UsersWrite)?;
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let (org, judge) = (caller.org, self.judge(caller));
        let now = judge.now;
        let (act, at) = (Act::of(caller, "people.update").on("person", id), self.clock.now());
        let (person, is_shut_out) = self
            .db
            .write(move |conn| {
                // Two administrators who demote each other at once must not both succeed.
                organizations::touch(conn, org)?;
                act.record(conn, at)?;
                let before = judge.changeable(conn, id)?;
                if before.home != org && (name.is_some() || change.disabled.is_some()) {
                    return Err(Error::ForeignAccount);
                }
                let mut person = before.clone();
                person.name = name.unwrap_or(person.name);
                if let Some(role) = change.role.filter(|role| *role != before.role) {
                    judge.may_give(role, Permission::UsersWrite)?;
                    person.role = role;
                }
                person.disabled_at = match change.disabled {
                    Some(true) => person.disabled_at.or(Some(now)),
                    Some(false) => None,
                    None => person.disabled_at,
                };
                judge.keeps_admin(conn, &before, Some(&person))?;
                people::update(conn, org, &person)?;
                members::update(conn, org, id, person.role, person.suspended_at)?;
                let is_shut_out = before.disabled_at.is_none() && person.disabled_at.is_some();
                if is_shut_out {
                    sessions::end_all(conn, id, None, now)?;
                    links::remove_all(conn, id)?;
                }
                Ok((person, is_shut_out))
            })
            .await?;
        tracing::info!(person.id = %id, role = person.role.name(), disabled = is_shut_out, "an account was changed");
        self.recent.forget();
        if is_shut_out {
            self.publish(Event::PersonRefused { person: id }).await;
        } else if change.role.is_some() {
            self.publish_access(org, Some(id)).await;
        }
        Ok(person)
    }
}

/// The id after which a page begins.
pub(super) fn cursor<T: FromStr>(page: &PageRequest) -> Result<Option<T>, Error> {
    let invalid = |_| Error::Invalid {
        field: "after",
        reason: "is not the `next` of a page",
    };
    page.after.as_deref().map(str::parse).transpose().map_err(invalid)
}
