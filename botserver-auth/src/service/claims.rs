//! One-time links: how accounts get their first password, and the first administrator.

use botlib::{Caller, OrgId, PersonId, Role, Secret};
use botstate::{audit::Act, db::Connection};
use chrono::{DateTime, TimeDelta, Utc};

use super::AuthService;
use crate::{
    ClaimLink, Error, Person, SignedIn, Source,
    model::{checked_email, checked_name},
    password,
    store::{links, members, organizations, people, sessions},
    token::opaque,
};

/// How long a link works.
const LINK_TTL: TimeDelta = TimeDelta::hours(24);

/// A link that has been made and not stored yet.
pub(super) struct NewLink {
    token: Secret,
    created_at: DateTime<Utc>,
}

impl NewLink {
    /// Stores the link in place of all others of the person.
    pub(super) fn replace(&self, conn: &mut Connection, org: OrgId, person: PersonId) -> diesel::QueryResult<()> {
        links::remove_all(conn, person)?;
        let hash = opaque::hash(self.token.expose());
        links::insert(conn, org, person, &hash, (self.created_at, self.created_at + LINK_TTL))
    }
}

impl AuthService {
    pub(super) fn new_link(&self) -> Result<NewLink, Error> {
        Ok(NewLink {
            token: opaque::fresh(opaque::LINK_PREFIX)?,
            created_at: self.clock.now(),
        })
    }

    pub(super) fn claim_link(&self, link: &NewLink, person: &Person) -> ClaimLink {
        let expires_at = link.created_at + LINK_TTL;
        ClaimLink {
            url: self.link_url(&link.token),
            email: person.email.clone(),
            expires_at,
        }
    }

    /// Sets the password of whose link has this token, and signs them in. The link is used up, and every session that
    /// the account had ends.
    ///
    /// # Errors
    /// [`Error::UnknownLink`] when the link is unknown, used, too old or of a disabled account;
    /// [`Error::WeakPassword`], after which the link still works; [`Error::TooManyTries`]; [`Error::Busy`].
    #[tracing::instrument(name = "auth.claim", skip_all)]
    pub async fn claim(
        &self,
        caller: &Caller,
        token: &Secret,
        password: Secret,
        name: Option<&str>,
        source: &Source,
    ) -> Result<SignedIn, Error> {
        let now = self.clock.now();
        self.take_address(caller.org, source).await?;
        let link = opaque::hash(token.expose());
        let sought = link.clone();
        let person = self
            .db
            .read(move |conn| {
                let Some((org, person)) = links::find(conn, &sought, now)? else {
                    return Ok(None);
                };
                // The organisation that made the link must still look after the account, and have the person in it.
                let person = people::find(conn, org, person)?;
                Ok::<_, Error>(person.filter(|person| person.home == org))
            })
            .await?;
        let person = person.filter(|person| person.disabled_at.is_none() && person.suspended_at.is_none());
        let mut person = person.ok_or(Error::UnknownLink)?;
        if let Some(name) = name {
            person.name = checked_name(name)?;
        }
        password::check(password.expose(), &[&person.email, &person.name]).map_err(Error::WeakPassword)?;
        let hash = self.passwords.hash(password).await?;
        person.password_hash = Some(hash.clone());
        let org = person.home;
        let (signed_in, token_hash) = self.new_session(person, org, source)?;
        let (name, session) = (signed_in.person.name.clone(), signed_in.session.clone());
        let act = Act::of(caller, "auth.claim")
            .in_org(org)
            .by(session.person)
            .on("session", session.id)
            .with("address", source.address.as_str())
            .with("device", source.device.as_str());
        let ended = self
            .db
            .write(move |conn| {
                act.record(conn, now)?;
                if !links::use_up(conn, org, &link, now)? {
                    return Err(Error::UnknownLink);
                }
                let mut current = people::find(conn, org, session.person)?.ok_or(Error::UnknownLink)?;
                if current.disabled_at.is_some() {
                    return Err(Error::UnknownLink);
                }
                current.name = name;
                people::update(conn, org, &current)?;
                people::set_password(conn, org, current.id, &hash)?;
                links::remove_all(conn, current.id)?;
                let ended = sessions::end_all(conn, current.id, None, now)?;
                sessions::insert(conn, &session, &token_hash)?;
                Ok(ended)
            })
            .await?;
        tracing::info!(person.id = %signed_in.person.id, "somebody claimed their account");
        self.publish_ended(ended).await;
        Ok(signed_in)
    }

    /// Makes sure that somebody can administer the organisation: when nobody can, gives a fresh link for the
    /// administrator of the configuration, whose account is made on the first call. Links of earlier calls die.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the configured address is no mail address, [`Error::EmailTaken`] when another
    /// organisation looks after its account, [`Error::UnknownOrg`],
    /// [`Error::Database`].
    #[tracing::instrument(name = "auth.ensure_first_admin", skip_all)]
    pub async fn ensure_first_admin(&self) -> Result<Option<ClaimLink>, Error> {
        let org = self.org;
        let link = self.new_link()?;
        let fresh = Person {
            id: PersonId::new(),
            email: checked_email(&self.config.auth.admin_email)?,
            name: "Administrator".to_owned(),
            home: org,
            role: Role::ServerAdmin,
            suspended_at: None,
            created_at: link.created_at,
            disabled_at: None,
            password_hash: None,
        };
        let made = self
            .db
            .write(move |conn| {
                if !organizations::touch(conn, org)? {
                    return Err(Error::UnknownOrg(org));
                }
                if members::has_working(conn, org, &[Role::ServerAdmin], None)? {
                    return Ok(None);
                }
                people::insert(conn, org, &fresh)?;
                // Whoever can start the server may look after it, also where the account was something else before.
                let account = people::find_account(conn, &fresh.email)?.filter(|account| account.home == org);
                let account = account.ok_or(Error::EmailTaken)?;
                members::insert(conn, org, account.id, Role::ServerAdmin, fresh.created_at)?;
                members::update(conn, org, account.id, Role::ServerAdmin, None)?;
                let mut admin = people::find(conn, org, account.id)?.unwrap_or(fresh);
                admin.disabled_at = None;
                people::update(conn, org, &admin)?;
                link.replace(conn, org, admin.id)?;
                Ok(Some((link, admin)))
            })
            .await?;
        Ok(made.map(|(link, admin)| self.claim_link(&link, &admin)))
    }
}
