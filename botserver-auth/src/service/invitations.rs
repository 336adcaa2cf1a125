//! Invitations into an organisation.

use botlib::{Caller, InvitationId, OrgId, Page, PageRequest, Permission, PersonId, Resource, Secret, Subject};
use botstate::{audit::Act, db::Connection};
use chrono::TimeDelta;

use super::{AuthService, need, need_on, people::cursor};
use crate::{
    Error, Invitation, InvitationInfo, NewInvitation, Person, SentInvitation, SignedIn, Source,
    model::{checked_email, checked_name, tenants::Membership},
    password,
    store::{
        invitations, members, organizations,
        people::{self, Account},
        sessions,
    },
    token::opaque,
};

/// How long an invitation works when nobody says otherwise.
const USUAL: TimeDelta = TimeDelta::days(7);
/// The longest that an invitation may work.
const LONGEST: TimeDelta = TimeDelta::days(30);

/// An invitation that has been made and not stored yet.
#[derive(Clone)]
pub(super) struct Draft {
    invitation: Invitation,
    token: Secret,
}

impl Draft {
    /// Stores the invitation in place of all others to the same address.
    pub(super) fn store(&self, conn: &mut Connection) -> Result<(), Error> {
        let hash = opaque::hash(self.token.expose());
        Ok(invitations::replace(
            conn,
            self.invitation.org,
            &self.invitation,
            &hash,
        )?)
    }
}

/// Refuses who cannot come into the organisation because of its settings or its plan.
pub(super) fn has_room(conn: &mut Connection, org: OrgId, email: &str) -> Result<(), Error> {
    let found = organizations::find(conn, org)?.ok_or(Error::UnknownOrg(org))?;
    if !found.settings.admits(email) {
        return Err(Error::DomainRefused);
    }
    if let Some(most) = found.plan.members()
        && members::count(conn, org)? >= most
    {
        return Err(Error::PlanFull);
    }
    Ok(())
}

impl AuthService {
    /// A page of the open invitations into the caller's organisation, the oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], and [`Error::Invalid`] for a cursor that is none.
    pub async fn list_invitations(&self, caller: &Caller, page: &PageRequest) -> Result<Page<Invitation>, Error> {
        need(caller, Permission::UsersRead)?;
        let (org, now) = (caller.org, self.clock.now());
        let (after, limit) = (cursor(page)?, page.limit());
        let rows = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let found = self
            .db
            .read(move |conn| Ok::<_, Error>(invitations::list(conn, org, now, (after, rows))?))
            .await?;
        Ok(Page::of(found, limit, |invitation| invitation.id.to_string()))
    }

    /// Invites somebody into the caller's organisation. Earlier invitations to the same address die.
    ///
    /// # Errors
    /// [`Error::Forbidden`], also for a role that brings more than the caller has; [`Error::Invalid`],
    /// [`Error::AlreadyMember`], [`Error::DomainRefused`], [`Error::PlanFull`].
    #[tracing::instrument(name = "auth.send_invitation", skip_all)]
    pub async fn send_invitation(&self, caller: &Caller, new: NewInvitation) -> Result<SentInvitation, Error> {
        need(caller, Permission::UsersInvite)?;
        self.judge(caller).may_give(new.role, Permission::UsersInvite)?;
        let draft = self.draft_invitation(caller.org, caller, &new, "/email")?;
        let (org, sent) = (caller.org, draft.clone());
        let (act, at) = (
            Act::of(caller, "invitations.send")
                .on("invitation", draft.invitation.id)
                .with("role", new.role.name()),
            self.clock.now(),
        );
        self.db
            .write(move |conn| {
                act.record(conn, at)?;
                let email = &sent.invitation.email;
                if people::find_by_email(conn, org, email)?.is_some() {
                    return Err(Error::AlreadyMember);
                }
                has_room(conn, org, email)?;
                sent.store(conn)
            })
            .await?;
        tracing::info!(invitation.id = %draft.invitation.id, "somebody was invited");
        Ok(self.sent(&draft))
    }

    pub(super) fn draft_invitation(
        &self,
        org: OrgId,
        caller: &Caller,
        new: &NewInvitation,
        field: &'static str,
    ) -> Result<Draft, Error> {
        let now = self.clock.now();
        let lasts = new.lasts.unwrap_or(USUAL);
        if lasts <= TimeDelta::zero() || lasts > LONGEST {
            return Err(Error::Invalid {
                field: "/days",
                reason: "must be 1 to 30",
            });
        }
        let email = checked_email(&new.email).map_err(|error| match error {
            Error::Invalid { reason, .. } => Error::Invalid { field, reason },
            other => other,
        })?;
        let invitation = Invitation {
            id: InvitationId::new(),
            org,
            email,
            role: new.role,
            invited_by: match caller.subject {
                Subject::Person(person) => Some(person),
                _ => None,
            },
            created_at: now,
            expires_at: now + lasts,
        };
        let token = opaque::fresh(opaque::INVITATION_PREFIX)?;
        Ok(Draft { invitation, token })
    }

    pub(super) fn sent(&self, draft: &Draft) -> SentInvitation {
        SentInvitation {
            invitation: draft.invitation.clone(),
            url: self.link_url(&draft.token),
        }
    }

    /// A fresh address for an open invitation whose first one was lost; that one dies.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownInvitation`].
    #[tracing::instrument(name = "auth.renew_invitation", skip_all)]
    pub async fn renew_invitation(&self, caller: &Caller, id: InvitationId) -> Result<SentInvitation, Error> {
        need(caller, Permission::UsersInvite)?;
        let (org, now, judge) = (caller.org, self.clock.now(), self.judge(caller));
        let token = opaque::fresh(opaque::INVITATION_PREFIX)?;
        let (act, at) = (
            Act::of(caller, "invitations.renew").on("invitation", id),
            self.clock.now(),
        );
        let draft = self
            .db
            .write(move |conn| {
                act.record(conn, at)?;
                let found = invitations::find(conn, org, id, now)?.ok_or(Error::UnknownInvitation)?;
                judge.may_give(found.role, Permission::UsersInvite)?;
                let lasts = found.expires_at - found.created_at;
                let invitation = Invitation {
                    created_at: now,
                    expires_at: now + lasts,
                    ..found
                };
                let draft = Draft { invitation, token };
                draft.store(conn)?;
                Ok::<_, Error>(draft)
            })
            .await?;
        Ok(self.sent(&draft))
    }

    /// Takes an open invitation back.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UnknownInvitation`].
    #[tracing::instrument(name = "auth.revoke_invitation", skip_all)]
    pub async fn revoke_invitation(&self, caller: &Caller, id: InvitationId) -> Result<(), Error> {
        need(caller, Permission::UsersInvite)?;
        let (org, now) = (caller.org, self.clock.now());
        let (act, at) = (
            Act::of(caller, "invitations.revoke").on("invitation", id),
            self.clock.now(),
        );
        let is_revoked = self
            .db
            .write(move |conn| {
                let is_open = invitations::use_up(conn, org, id, now)?;
                if is_open {
                    act.record(conn, at)?;
                }
                Ok::<_, Error>(is_open)
            })
            .await?;
        if is_revoked {
            Ok(())
        } else {
            Err(Error::UnknownInvitation)
        }
    }

    /// What whoever holds an invitation may see of it.
    ///
    /// # Errors
    /// [`Error::UnknownInvitation`], [`Error::TooManyTries`].
    pub async fn look_at_invitation(
        &self,
        caller: &Caller,
        token: &Secret,
        source: &Source,
    ) -> Result<InvitationInfo, Error> {
        self.take_address(caller.org, source).await?;
        let (hash, now) = (opaque::hash(token.expose()), self.clock.now());
        self.db
            .read(move |conn| {
                let found = invitations::find_by_token(conn, &hash, now)?;
                let invitation = found.ok_or(Error::UnknownInvitation)?;
                let org = organizations::find(conn, invitation.org)?.ok_or(Error::UnknownInvitation)?;
                let account = people::find_account(conn, &invitation.email)?;
                Ok(InvitationInfo {
                    invitation,
                    organization: org.name,
                    has_account: account.is_some_and(|account| account.password_hash.is_some()),
                })
            })
            .await
    }

    /// Declines an invitation, which is used up by that.
    ///
    /// # Errors
    /// [`Error::UnknownInvitation`], [`Error::TooManyTries`].
    #[tracing::instrument(name = "auth.decline_invitation", skip_all)]
    pub async fn decline_invitation(&self, caller: &Caller, token: &Secret, source: &Source) -> Result<(), Error> {
        let found = self.look_at_invitation(caller, token, source).await?.invitation;
        let now = self.clock.now();
        let act = Act::of(caller, "invitations.decline")
            .in_org(found.org)
            .on("invitation", found.id);
        let is_declined = self
            .db
            .write(move |conn| {
                let is_open = invitations::use_up(conn, found.org, found.id, now)?;
                if is_open {
                    act.record(conn, now)?;
                }
                Ok::<_, Error>(is_open)
            })
            .await?;
        if is_declined {
            Ok(())
        } else {
            Err(Error::UnknownInvitation)
        }
    }

    /// Accepts an invitation and signs in where it leads. It is good for the address that it was sent to and for nobody
    /// else: whoever has an account under it proves that, signed in already or with the password; whoever has none gets
    /// one, with this password.
    ///
    /// # Errors
    /// [`Error::UnknownInvitation`], [`Error::WrongCredentials`], [`Error::WeakPassword`], [`Error::PlanFull`],
    /// [`Error::Invalid`], [`Error::TooManyTries`], [`Error::Busy`].
    #[tracing::instrument(name = "auth.accept_invitation", skip_all)]
    pub async fn accept_invitation(
        &self,
        caller: &Caller,
        token: &Secret,
        password: Option<Secret>,
        name: Option<&str>,
        source: &Source,
    ) -> Result<SignedIn, Error> {
        let found = self.look_at_invitation(caller, token, source).await?;
        let invitation = found.invitation;
        let account = match (caller.subject, found.has_account) {
            (Subject::Person(person), true) if password.is_none() => {
                Some(self.own_account(caller, person, &invitation).await?)
            }
            (_, true) => {
                let password = password.clone().ok_or(Error::WrongCredentials)?;
                self.take_sign_in(caller.org, &invitation.email, source).await?;
                let (account, is_right) = self.prove_password(&invitation.email, password).await?;
                Some(account.filter(|_| is_right).ok_or(Error::WrongCredentials)?)
            }
            (_, false) => None,
        };
        let person = match account {
            Some(account) => {
                let place = Membership {
                    org: invitation.org,
                    person: account.id,
                    role: invitation.role,
                    created_at: self.clock.now(),
                    suspended_at: None,
                };
                account.into_member(&place)
            }
            None => self.fresh_person(&invitation, password, name).await?,
        };
        self.join(caller, invitation, person, source).await
    }

    /// The account of whoever is signed in, if the invitation was sent to it.
    async fn own_account(&self, caller: &Caller, person: PersonId, invitation: &Invitation) -> Result<Account, Error> {
        let own = Resource::of(caller.org).owned_by(person);
        need_on(caller, Permission::AccountManage, &own, || Error::UnknownInvitation)?;
        let email = invitation.email.clone();
        let found = self
            .db
            .read(move |conn| Ok::<_, Error>(people::find_account(conn, &email)?))
            .await?;
        let found = found.filter(|account| account.id == person && account.disabled_at.is_none());
        found.ok_or(Error::WrongCredentials)
    }

    async fn fresh_person(
        &self,
        invitation: &Invitation,
        password: Option<Secret>,
        name: Option<&str>,
    ) -> Result<Person, Error> {
        let local = invitation.email.split('@').next().unwrap_or_default();
        let name = checked_name(name.unwrap_or(local))?;
        let password = password.ok_or(Error::Invalid {
            field: "/password",
            reason: "is needed for a new account",
        })?;
        password::check(password.expose(), &[&invitation.email, &name]).map_err(Error::WeakPassword)?;
        Ok(Person {
            id: PersonId::new(),
            email: invitation.email.clone(),
            name,
            home: invitation.org,
            role: invitation.role,
            suspended_at: None,
            created_at: self.clock.now(),
            disabled_at: None,
            password_hash: Some(self.passwords.hash(password).await?),
        })
    }

    async fn join(
        &self,
        caller: &Caller,
        invitation: Invitation,
        person: Person,
        source: &Source,
    ) -> Result<SignedIn, Error> {
        let (org, now) = (invitation.org, self.clock.now());
        let (signed_in, token_hash) = self.new_session(person.clone(), org, source)?;
        let session = signed_in.session.clone();
        let act = Act::of(caller, "invitations.accept")
            .in_org(org)
            .by(session.person)
            .on("invitation", invitation.id)
            .with("address", source.address.as_str())
            .with("device", source.device.as_str());
        self.db
            .write(move |conn| {
                organizations::touch(conn, org)?;
                act.record(conn, now)?;
                if !invitations::use_up(conn, org, invitation.id, now)? {
                    return Err(Error::UnknownInvitation);
                }
                if members::find(conn, org, person.id)?.is_some() {
                    return Err(Error::AlreadyMember);
                }
                has_room(conn, org, &person.email)?;
                match people::find_account(conn, &person.email)? {
                    Some(account) if account.id == person.id => {
                        // The account may have been shut, or got another password, while this one was compared.
                        if account.disabled_at.is_some() || account.password_hash != person.password_hash {
                            return Err(Error::WrongCredentials);
                        }
                        members::insert(conn, org, person.id, invitation.role, now)?;
                    }
                    // Somebody made an account for the address that nobody has claimed: the link of that one opens it.
                    Some(_) => return Err(Error::EmailTaken),
                    None => {
                        people::insert(conn, org, &person)?;
                    }
                }
                Ok(sessions::insert(conn, &session, &token_hash)?)
            })
            .await?;
        tracing::info!(person.id = %signed_in.person.id, "somebody accepted an invitation");
        self.publish_access(org, Some(signed_in.person.id)).await;
        Ok(signed_in)
    }
}
