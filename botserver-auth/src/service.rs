//! The rules: who may do what, when, in which transaction.

mod bots;
mod claims;
mod groups;
mod invitations;
mod keys;
mod members;
mod organizations;
mod people;
mod roles;
mod sessions;
mod standings;
mod throttle;
mod visitors;

use std::sync::Arc;

use botlib::{Caller, Clock, OrgId, PersonId, Secret, SessionId, Subject};
use botstate::{
    AppState, Config, Db,
    db::server_key,
    dialog::Bots,
    event::{Event, EventBus},
    service::Service,
    shared::RateLimit,
};

pub(crate) use self::standings::Who;
use self::standings::{Standings, need, need_on};
use crate::{Error, browser::Cookies, password::Hasher, token::signed::Keys};

/// People, sessions, visitors and tokens.
#[derive(Clone)]
pub struct AuthService {
    db: Db,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    limits: Arc<dyn RateLimit>,
    events: EventBus,
    bots: Option<Arc<dyn Bots>>,
    org: OrgId,
    keys: Arc<Keys>,
    passwords: Hasher,
    cookies: Cookies,
    recent: keys::Recent,
    standings: Standings,
}

impl std::fmt::Debug for AuthService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthService")
            .field("org", &self.org)
            .finish_non_exhaustive()
    }
}

impl AuthService {
    /// The service over `state`, whose port of bots must be set by now if visitors are to come.
    ///
    /// # Errors
    /// [`Error::Database`] when the server's keys cannot be read or made, [`Error::Crypto`] when there is no chance to
    /// be had.
    pub async fn start(state: &AppState) -> Result<Self, Error> {
        let secret = match &state.config.auth.secret_key {
            Some(secret) => secret.clone(),
            None => server_key(&state.db, "visitor-tokens").await?,
        };
        let conversations = server_key(&state.db, "conversations-of-people").await?;
        let service = Self {
            db: state.db.clone(),
            clock: Arc::clone(&state.clock),
            config: Arc::clone(&state.config),
            limits: Arc::clone(&state.limits),
            events: state.events.clone(),
            bots: state.ports.bots.clone(),
            org: state.org,
            keys: Arc::new(Keys::new(&secret, conversations)),
            passwords: Hasher::start().await?,
            cookies: Cookies::new(&state.config),
            recent: keys::Recent::default(),
            standings: Standings::new(state.org),
        };
        service.forget_ended_keys(&state.lifecycle);
        Ok(service)
    }

    pub(crate) fn cookies(&self) -> &Cookies {
        &self.cookies
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn visitor_ttl(&self) -> std::time::Duration {
        self.config.auth.visitor_ttl
    }

    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    /// Tells the other domains and nodes. What happened stands all the same when they cannot be reached: whoever asks
    /// the database next sees it, and listeners that missed something are told so when the bus is back.
    async fn publish(&self, event: Event) {
        if let Err(error) = self.events.publish(&event).await {
            tracing::warn!("an event did not reach the other nodes: {error}");
        }
    }

    async fn publish_ended(&self, sessions: Vec<SessionId>) {
        for session in sessions {
            self.publish(Event::SessionEnded { session }).await;
        }
    }

    /// A one-time link's address.
    fn link_url(&self, token: &Secret) -> Secret {
        Secret::new(format!("{}/claim#{}", self.config.public_url(), token.expose()))
    }
}

impl Service for AuthService {
    fn name(&self) -> &'static str {
        "auth"
    }
}

/// The person who asks, and the session in which.
fn person_of(caller: &Caller) -> Result<(PersonId, SessionId), Error> {
    match (caller.subject, caller.session) {
        (Subject::Person(person), Some(session)) => Ok((person, session)),
        _ => Err(Error::NotAPerson),
    }
}
