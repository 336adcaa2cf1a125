//! Signing in, sessions, one's own account.

use std::sync::Arc;

use botlib::{Caller, OrgId, Page, PageRequest, Permission, PersonId, SessionId};
use botstate::{
    audit::{Act, Outcome},
    event::Event,
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{AuthService, Who, need, person_of};
use crate::{
    Credentials, Error, Person, Session, SignedIn, Source,
    model::{normal_email, standing::Standing, tenants::Membership},
    password,
    store::{
        links, members,
        people::{self, Account},
        sessions,
    },
    token::opaque,
};

/// How exactly the last use of a session is known: writing more often would cost more than it tells.
const SEEN_STEP: TimeDelta = TimeDelta::minutes(1);
/// Letters of an address that stand on record when nobody has it.
const EMAIL_SHOWN: usize = 254;
/// How long sessions that are over stay in the database.
const KEPT: TimeDelta = TimeDelta::days(30);

impl AuthService {
    /// Signs a person in.
    ///
    /// # Errors
    /// [`Error::WrongCredentials`], the same and after the same time whether the account is unknown, not yet claimed or
    /// disabled or the password is wrong; [`Error::TooManyTries`]; [`Error::Busy`].
    #[tracing::instrument(name = "auth.sign_in", skip_all)]
    pub async fn sign_in(&self, caller: &Caller, given: Credentials, source: &Source) -> Result<SignedIn, Error> {
        let org = caller.org;
        self.take_sign_in(org, &given.email, source).await?;
        let email = normal_email(&given.email);
        let (account, is_right) = self.prove_password(&email, given.password.clone()).await?;
        let (Some(account), true) = (account, is_right) else {
            tracing::warn!("refused a sign-in");
            self.note_refusal(caller, given.email, source).await;
            return Err(Error::WrongCredentials);
        };
        let kept = account.password_hash.clone().unwrap_or_default();
        let hash = if password::is_outdated(&kept) {
            self.passwords.hash(given.password).await?
        } else {
            kept.clone()
        };
        let place = self.place_of(&account).await?.ok_or(Error::WrongCredentials)?;
        let (signed_in, token_hash) = self.new_session(account.into_member(&place), place.org, source)?;
        let session = signed_in.session.clone();
        let act = Act::of(caller, "auth.sign-in")
            .in_org(place.org)
            .by(session.person)
            .on("session", session.id)
            .with("address", source.address.as_str())
            .with("device", source.device.as_str());
        self.db
            .write(move |conn| {
                act.record(conn, session.created_at)?;
                // The password may have been changed, or the account disabled, while it was compared.
                if !people::replace_password(conn, session.person, &kept, &hash)? {
                    return Err(Error::WrongCredentials);
                }
                sessions::forget(conn, session.person, session.created_at - KEPT)?;
                Ok(sessions::insert(conn, &session, &token_hash)?)
            })
            .await?;
        tracing::info!(person.id = %signed_in.person.id, "somebody signed in");
        Ok(signed_in)
    }

    /// Puts on record that somebody was not let in. Whoever is refused must not learn more when that fails.
    async fn note_refusal(&self, caller: &Caller, email: String, source: &Source) {
        let act = Act::of(caller, "auth.sign-in")
            .ended(Outcome::Refused)
            .with("email", email.chars().take(EMAIL_SHOWN).collect::<String>())
            .with("address", source.address.as_str())
            .with("device", source.device.as_str());
        let now = self.clock.now();
        let noted = self.db.write(move |conn| Ok::<_, Error>(act.record(conn, now)?)).await;
        if let Err(error) = noted {
            tracing::warn!("a refused sign-in could not be put on record: {error}");
        }
    }

    /// The account with a mail address, unless it is disabled, and whether the password is its own. It takes the same
    /// time whether or not there is such an account.
    pub(super) async fn prove_password(
        &self,
        email: &str,
        password: botlib::Secret,
    ) -> Result<(Option<Account>, bool), Error> {
        let email = email.to_owned();
        let found = self
            .db
            .read(move |conn| Ok::<_, Error>(people::find_account(conn, &email)?))
            .await?;
        let enabled = found.filter(|account| account.disabled_at.is_none());
        let kept = enabled.as_ref().and_then(|account| account.password_hash.clone());
        let has_password = kept.is_some();
        let is_right = self.passwords.verify(password, kept).await?;
        Ok((enabled, is_right && has_password))
    }

    /// Where somebody who signs in begins to work: in the organisation that looks after the account, or in the first
    /// of the others.
    async fn place_of(&self, account: &Account) -> Result<Option<Membership>, Error> {
        let (person, home) = (account.id, account.home);
        let places = self
            .db
            .read(move |conn| Ok::<_, Error>(members::places(conn, person)?))
            .await?;
        let at_home = places.iter().find(|place| place.org == home).copied();
        Ok(at_home.or(places.first().copied()))
    }

    /// A session of `person` in `org` that begins now, and the hash of its token; not stored yet.
    pub(super) fn new_session(&self, person: Person, org: OrgId, source: &Source) -> Result<(SignedIn, String), Error> {
        let now = self.clock.now();
        let token = opaque::fresh(opaque::SESSION_PREFIX)?;
        let hash = opaque::hash(token.expose());
        let session = Session {
            id: SessionId::new(),
            person: person.id,
            org,
            device: source.device.clone(),
            created_at: now,
            seen_at: now,
            expires_at: now + self.config.auth.session_max,
        };
        Ok((SignedIn { person, session, token }, hash))
    }

    /// Ends the caller's session.
    ///
    /// # Errors
    /// [`Error::NotAPerson`] for those without a session.
    #[tracing::instrument(name = "auth.sign_out", skip_all)]
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), Error> {
        let (person, session) = person_of(caller)?;
        self.end(caller, person, session).await.map(|_| ())
    }

    /// The person who asks.
    ///
    /// # Errors
    /// [`Error::NotAPerson`] for those without an account.
    pub async fn get_me(&self, caller: &Caller) -> Result<Person, Error> {
        need(caller, Permission::AccountManage)?;
        let (id, _) = person_of(caller)?;
        let org = caller.org;
        self.db
            .read(move |conn| people::find(conn, org, id)?.ok_or(Error::UnknownPerson(id)))
            .await
    }

    /// A page of the caller's living sessions, the oldest first.
    ///
    /// # Errors
    /// [`Error::NotAPerson`], and [`Error::Invalid`] for a cursor that is none.
    pub async fn list_sessions(&self, caller: &Caller, page: &PageRequest) -> Result<Page<Session>, Error> {
        need(caller, Permission::AccountManage)?;
        let (person, _) = person_of(caller)?;
        let (alive, limit) = (self.alive(), page.limit());
        let after = super::people::cursor(page)?;
        let rows = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let found = self
            .db
            .read(move |conn| Ok::<_, Error>(sessions::list(conn, person, alive, (after, rows))?))
            .await?;
        Ok(Page::of(found, limit, |session| session.id.to_string()))
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// [`Error::UnknownSession`] when the caller has no such session.
    #[tracing::instrument(name = "auth.end_session", skip_all)]
    pub async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        need(caller, Permission::AccountManage)?;
        let (person, _) = person_of(caller)?;
        if self.end(caller, person, id).await? {
            Ok(())
        } else {
            Err(Error::UnknownSession(id))
        }
    }

    async fn end(&self, caller: &Caller, person: PersonId, session: SessionId) -> Result<bool, Error> {
        let now = self.clock.now();
        let act = Act::of(caller, "auth.end-session").on("session", session);
        let ended = self
            .db
            .write(move |conn| {
                let is_ended = sessions::end(conn, person, session, now)?;
                if is_ended {
                    act.record(conn, now)?;
                }
                Ok::<_, Error>(is_ended)
            })
            .await?;
        if ended {
            self.publish(Event::SessionEnded { session }).await;
        }
        Ok(ended)
    }

    /// Changes the caller's password and ends their other sessions.
    ///
    /// # Errors
    /// [`Error::WrongCurrentPassword`], [`Error::WeakPassword`], [`Error::TooManyTries`], [`Error::Busy`].
    #[tracing::instrument(name = "auth.change_password", skip_all)]
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: botlib::Secret,
        new: botlib::Secret,
    ) -> Result<(), Error> {
        let (id, session) = person_of(caller)?;
        let person = self.get_me(caller).await?;
        self.take_password(caller.org, id).await?;
        let kept = person.password_hash.clone();
        if !self.passwords.verify(current, kept.clone()).await? {
            tracing::warn!(person.id = %id, "refused a change of password");
            let act = Act::of(caller, "auth.change-password").ended(Outcome::Refused);
            let now = self.clock.now();
            self.db
                .write(move |conn| Ok::<_, Error>(act.record(conn, now)?))
                .await?;
            return Err(Error::WrongCurrentPassword);
        }
        password::check(new.expose(), &[&person.email, &person.name]).map_err(Error::WeakPassword)?;
        let hash = self.passwords.hash(new).await?;
        let now = self.clock.now();
        let act = Act::of(caller, "auth.change-password");
        let ended = self
            .db
            .write(move |conn| {
                act.record(conn, now)?;
                if !people::replace_password(conn, id, kept.as_deref().unwrap_or_default(), &hash)? {
                    return Err(Error::WrongCurrentPassword);
                }
                links::remove_all(conn, id)?;
                Ok(sessions::end_all(conn, id, Some(session), now)?)
            })
            .await?;
        tracing::info!(person.id = %id, "somebody changed their password");
        self.publish_ended(ended).await;
        Ok(())
    }

    /// The living session that `find` gives, with its person and what the person may do where the session works, unless
    /// the account is disabled or the person may not act there; notes its use.
    pub(crate) async fn use_session(
        &self,
        find: impl FnOnce(&mut botstate::db::Connection, sessions::Alive) -> diesel::QueryResult<Option<Session>>
        + Send
        + 'static,
    ) -> Result<Option<(Session, Person, Arc<Standing>)>, Error> {
        let (alive, standings) = (self.alive(), self.standings.clone());
        let found = self
            .db
            .read(move |conn| {
                let Some(session) = find(conn, alive)? else {
                    return Ok(None);
                };
                let person = people::find(conn, session.org, session.person)?;
                let Some(person) = person.filter(|person| person.disabled_at.is_none()) else {
                    return Ok(None);
                };
                let standing = standings.get(conn, session.org, Who::Person(person.id), alive.now)?;
                Ok::<_, Error>(standing.map(|standing| (session, person, standing)))
            })
            .await?;
        if let Some((session, _, _)) = &found {
            self.touch(session.org, session, alive.now).await;
        }
        Ok(found)
    }

    async fn touch(&self, org: OrgId, session: &Session, now: DateTime<Utc>) {
        if now - session.seen_at < SEEN_STEP {
            return;
        }
        let id = session.id;
        let noted = self
            .db
            .write(move |conn| Ok::<_, Error>(sessions::touch(conn, org, id, now)?))
            .await;
        if let Err(error) = noted {
            // The request itself need not fail for that.
            tracing::warn!("the use of a session could not be noted: {error}");
        }
    }

    pub(super) fn alive(&self) -> sessions::Alive {
        let now = self.clock.now();
        sessions::Alive {
            now,
            used_since: now - self.config.auth.session_idle,
        }
    }
}
