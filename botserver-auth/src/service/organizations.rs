//! Organisations, and in which of them somebody works.

use botlib::{Caller, OrgId, Page, PageRequest, Permission, Resource, Role, Subject};
use botstate::audit::Act;

use super::{AuthService, need, need_on, people::cursor, person_of};
use crate::{
    Error, NewInvitation, NewOrganization, Organization, OrganizationChange, SentInvitation,
    model::{
        checked_name,
        tenants::{OrgSettings, checked_word},
    },
    store::{members, organizations, sessions},
};

impl AuthService {
    /// A page of the organisations that the caller belongs to; of all for those who look after the server.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotAPerson`], and [`Error::Invalid`] for a cursor that is none.
    pub async fn list_organizations(&self, caller: &Caller, page: &PageRequest) -> Result<Page<Organization>, Error> {
        need(caller, Permission::AccountManage)?;
        let person = match caller.subject {
            _ if caller.may(Permission::OrgManage) => None,
            Subject::Person(person) => Some(person),
            _ => return Err(Error::NotAPerson),
        };
        let (after, limit) = (cursor(page)?, page.limit());
        let rows = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let found = self
            .db
            .read(move |conn| Ok::<_, Error>(organizations::list(conn, person, (after, rows))?))
            .await?;
        Ok(Page::of(found, limit, |org| org.id.to_string()))
    }

    /// An organisation: the one that the caller works in, or any for those who look after the server.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownOrg`].
    pub async fn get_organization(&self, caller: &Caller, id: OrgId) -> Result<Organization, Error> {
        let unknown = move || Error::UnknownOrg(id);
        need_on(caller, Permission::OrgRead, &Resource::organization(id), unknown)?;
        self.db
            .read(move |conn| organizations::find(conn, id)?.ok_or_else(unknown))
            .await
    }

    /// Makes an organisation and the invitation of its first administrator.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`], [`Error::NameTaken`].
    #[tracing::instrument(name = "auth.create_organization", skip_all)]
    pub async fn create_organization(
        &self,
        caller: &Caller,
        new: NewOrganization,
    ) -> Result<(Organization, SentInvitation), Error> {
        need(caller, Permission::OrgCreate)?;
        let made = Organization {
            id: OrgId::new(),
            name: checked_name(&new.name)?,
            slug: checked_word(&new.slug, "/slug")?,
            plan: new.plan,
            settings: OrgSettings::default(),
            created_at: self.clock.now(),
        };
        let invitation = NewInvitation {
            email: new.admin_email,
            role: Role::Admin,
            lasts: None,
        };
        let draft = self.draft_invitation(made.id, caller, &invitation, "/admin_email")?;
        let (kept, sent) = (made.clone(), draft.clone());
        let (act, at) = (
            Act::of(caller, "organizations.create").on("organization", made.id),
            self.clock.now(),
        );
        self.db
            .write(move |conn| {
                act.record(conn, at)?;
                if !organizations::insert(conn, &kept)? {
                    return Err(Error::NameTaken("/slug"));
                }
                sent.store(conn)
            })
            .await?;
        tracing::info!(org.id = %made.id, "an organisation was made");
        Ok((made, self.sent(&draft)))
    }

    /// Changes an organisation. Its plan is changed by those who look after the server.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownOrg`], [`Error::Invalid`].
    #[tracing::instrument(name = "auth.update_organization", skip_all)]
    pub async fn update_organization(
        &self,
        caller: &Caller,
        id: OrgId,
        change: OrganizationChange,
    ) -> Result<Organization, Error> {
        let unknown = move || Error::UnknownOrg(id);
        need_on(caller, Permission::OrgWrite, &Resource::organization(id), unknown)?;
        if change.plan.is_some() {
            need_on(caller, Permission::OrgManage, &Resource::organization(id), unknown)?;
        }
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let settings = change.settings.map(OrgSettings::checked).transpose()?;
        let (act, at) = (
            Act::of(caller, "organizations.update").on("organization", id),
            self.clock.now(),
        );
        let changed = self
            .db
            .write(move |conn| {
                act.record(conn, at)?;
                let mut org = organizations::find(conn, id)?.ok_or_else(unknown)?;
                org.name = name.unwrap_or(org.name);
                org.plan = change.plan.unwrap_or(org.plan);
                org.settings = settings.unwrap_or(org.settings);
                organizations::update(conn, id, &org)?;
                Ok::<_, Error>(org)
            })
            .await?;
        tracing::info!(org.id = %id, "an organisation was changed");
        Ok(changed)
    }

    /// Lets the caller's session work in another organisation that the caller belongs to.
    ///
    /// # Errors
    /// [`Error::NotAPerson`]; [`Error::UnknownOrg`], also for one that the caller may not act in;
    /// [`Error::UnknownSession`] for those who come with a key.
    #[tracing::instrument(name = "auth.switch_organization", skip_all)]
    pub async fn switch_organization(&self, caller: &Caller, id: OrgId) -> Result<Organization, Error> {
        need(caller, Permission::AccountManage)?;
        let (person, session) = person_of(caller)?;
        let (act, at) = (Act::of(caller, "auth.switch").in_org(id), self.clock.now());
        let org = self
            .db
            .write(move |conn| {
                act.record(conn, at)?;
                let place = members::find(conn, id, person)?;
                if place.is_none_or(|place| place.suspended_at.is_some()) {
                    return Err(Error::UnknownOrg(id));
                }
                if !sessions::move_to(conn, id, person, session)? {
                    return Err(Error::UnknownSession(session));
                }
                organizations::find(conn, id)?.ok_or(Error::UnknownOrg(id))
            })
            .await?;
        // Sockets that were opened in the other organisation must not go on there.
        self.publish_access(caller.org, Some(person)).await;
        Ok(org)
    }
}
