//! API keys: programs that act for a person, with less than the person may do.

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc};

use botlib::{BotId, Caller, OrgId, Permission, PersonId, RequestId, Role, Secret, SessionId};
use botstate::{audit::Act, event::Event};
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use lru::LruCache;
use parking_lot::Mutex;

use super::{AuthService, Who, need, person_of};
use crate::{
    ApiKey, Error, NewKey,
    model::{checked_name, standing::Standing},
    store::{keys, people},
    token::opaque,
};

/// What making and revoking a key is called on record.
const CREATE: &str = "keys.create";
const REVOKE: &str = "keys.revoke";

/// How long a key is good when nobody says otherwise.
const USUAL: TimeDelta = TimeDelta::days(90);
/// The longest that a key may be good.
const LONGEST: TimeDelta = TimeDelta::days(366);
/// Keys that a person may have at once.
const MANY: usize = 50;
/// How exactly the last use of a key is known.
const SEEN_STEP: TimeDelta = TimeDelta::minutes(1);
/// How long this node believes what it has read of a key. What this node or another tells of a key's end counts at
/// once; without that this is the longest that a revoked key is good.
const BELIEVED: TimeDelta = TimeDelta::milliseconds(500);
/// Keys that this node knows at once.
const KNOWN: NonZeroUsize = NonZeroUsize::new(10_000).expect("is not zero");

/// Keys that were used a moment ago, by the hash of their tokens.
#[derive(Clone)]
pub(crate) struct Recent(Arc<Mutex<LruCache<String, Known>>>);

/// A key, whom it acts for, and when that was read.
type Known = (ApiKey, Arc<Standing>, DateTime<Utc>);

impl Default for Recent {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(KNOWN))))
    }
}

impl Recent {
    fn find(&self, hash: &str, now: DateTime<Utc>) -> Option<(ApiKey, Arc<Standing>)> {
        let mut known = self.0.lock();
        let (key, standing, read_at) = known.get(hash)?;
        let ends = standing.until.map_or(key.expires_at, |until| until.min(key.expires_at));
        let is_fresh = now - *read_at < BELIEVED && ends > now;
        is_fresh.then(|| (key.clone(), Arc::clone(standing)))
    }

    fn keep(&self, hash: String, key: &ApiKey, standing: &Arc<Standing>, now: DateTime<Utc>) {
        self.0.lock().put(hash, (key.clone(), Arc::clone(standing), now));
    }

    pub(super) fn forget(&self) {
        self.0.lock().clear();
    }
}

impl AuthService {
    /// Forgets what is known of keys whenever a session or a person ends anywhere.
    pub(super) fn forget_ended_keys(&self, lifecycle: &botstate::Lifecycle) {
        let (events, recent, draining) = (self.events.clone(), self.recent.clone(), lifecycle.draining());
        lifecycle.spawn(async move {
            let forgetting = async {
                // Without the bus what is known lasts for its few seconds.
                if let Ok(mut notices) = events.subscribe().await {
                    while notices.next().await.is_some() {
                        recent.forget();
                    }
                }
            };
            draining.run_until_cancelled(forgetting).await;
        });
    }

    /// Makes a key for the caller, with which programs may do some of what the caller may.
    ///
    /// # Errors
    /// [`Error::NotAPerson`], [`Error::KeyOfKey`] for whoever comes with a key; [`Error::Forbidden`] for a permission
    /// that the caller does not hold; [`Error::UnknownBot`]; [`Error::Invalid`].
    #[tracing::instrument(name = "auth.create_key", skip_all)]
    pub async fn create_key(&self, caller: &Caller, new: NewKey) -> Result<(ApiKey, Secret), Error> {
        need(caller, Permission::AccountManage)?;
        let (person, _) = person_of(caller)?;
        let held = caller.permissions.clone();
        self.make_key(Act::of(caller, CREATE), (caller.org, person), &held, new)
            .await
    }

    /// Makes a key for the command line, which acts for whoever owns the server.
    ///
    /// # Errors
    /// [`Error::WrongCredentials`] when nobody has the address, and those of [`Self::create_key`].
    pub async fn create_key_of(&self, email: &str, new: NewKey) -> Result<(ApiKey, Secret), Error> {
        let person = self.find_person(email).await?.ok_or(Error::Invalid {
            field: "person",
            reason: "is nobody's mail address here",
        })?;
        let standing = self.standing(self.org, Who::Person(person.id)).await?;
        let held = standing
            .map(|standing| standing.permissions.clone())
            .unwrap_or_default();
        self.make_key(Act::of_operator(self.org, CREATE), (self.org, person.id), &held, new)
            .await
    }

    async fn make_key(
        &self,
        act: Act,
        (org, person): (OrgId, PersonId),
        held: &BTreeSet<Permission>,
        new: NewKey,
    ) -> Result<(ApiKey, Secret), Error> {
        let permissions = if new.permissions.is_empty() {
            [Permission::ChatTalk].into()
        } else {
            new.permissions
        };
        if permissions.contains(&Permission::AccountManage) {
            // A key that leaked could make others that outlive it.
            return Err(Error::KeyOfKey);
        }
        if let Some(lacking) = permissions.difference(held).next() {
            return Err(Error::Forbidden(*lacking));
        }
        let bots = match new.bots {
            None => None,
            Some(names) => Some(self.bot_ids(org, &names)?),
        };
        let now = self.clock.now();
        let lasts = new.lasts.unwrap_or(USUAL);
        if lasts <= TimeDelta::zero() || lasts > LONGEST {
            return Err(Error::Invalid {
                field: "/days",
                reason: "must be 1 to 366",
            });
        }
        let key = ApiKey {
            id: SessionId::new(),
            person,
            org,
            name: checked_name(&new.name)?,
            permissions,
            bots,
            created_at: now,
            seen_at: None,
            expires_at: now + lasts,
        };
        let token = opaque::fresh(opaque::KEY_PREFIX)?;
        let (kept, hash) = (key.clone(), opaque::hash(token.expose()));
        let act = act.on("key", key.id).with("person", person.to_string());
        self.db
            .write(move |conn| {
                act.record(conn, now)?;
                if keys::list(conn, org, person, now)?.len() >= MANY {
                    return Err(Error::Invalid {
                        field: "/name",
                        reason: "would be the 51st key: revoke one first",
                    });
                }
                Ok(keys::insert(conn, org, &kept, &hash)?)
            })
            .await?;
        tracing::info!(person.id = %person, key.id = %key.id, "an API key was made");
        Ok((key, token))
    }

    fn bot_ids(&self, org: OrgId, names: &[String]) -> Result<BTreeSet<BotId>, Error> {
        names
            .iter()
            .map(|name| {
                let found = match &self.bots {
                    Some(bots) => bots.find(name).filter(|bot| bot.org == org).map(|bot| bot.id),
                    // The command line knows no bots, but their ids.
                    None => name.parse().ok(),
                };
                found.ok_or_else(|| Error::UnknownBot(name.chars().take(100).collect()))
            })
            .collect()
    }

    /// The caller's keys that are good, the oldest first.
    ///
    /// # Errors
    /// [`Error::NotAPerson`] for those without an account.
    pub async fn list_keys(&self, caller: &Caller) -> Result<Vec<ApiKey>, Error> {
        need(caller, Permission::AccountManage)?;
        let (person, _) = person_of(caller)?;
        self.keys_of(caller.org, person).await
    }

    /// A person's keys, for the command line.
    ///
    /// # Errors
    /// [`Error::Invalid`] when nobody has the address.
    pub async fn list_keys_of(&self, email: &str) -> Result<Vec<ApiKey>, Error> {
        let person = self.find_person(email).await?.ok_or(Error::Invalid {
            field: "person",
            reason: "is nobody's mail address here",
        })?;
        self.keys_of(self.org, person.id).await
    }

    async fn keys_of(&self, org: OrgId, person: PersonId) -> Result<Vec<ApiKey>, Error> {
        let now = self.clock.now();
        self.db
            .read(move |conn| Ok::<_, Error>(keys::list(conn, org, person, now)?))
            .await
    }

    /// Revokes one of the caller's keys: the next request with it is refused, and its sockets close.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] when the caller has no such key.
    #[tracing::instrument(name = "auth.revoke_key", skip_all)]
    pub async fn revoke_key(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        need(caller, Permission::AccountManage)?;
        let (person, _) = person_of(caller)?;
        self.end_key(Act::of(caller, REVOKE), (caller.org, Some(person)), id)
            .await
    }

    /// Revokes anybody's key, for the command line.
    ///
    /// # Errors
    /// [`Error::UnknownKey`].
    pub async fn revoke_any_key(&self, id: SessionId) -> Result<(), Error> {
        self.end_key(Act::of_operator(self.org, REVOKE), (self.org, None), id)
            .await
    }

    async fn end_key(&self, act: Act, (org, person): (OrgId, Option<PersonId>), id: SessionId) -> Result<(), Error> {
        let now = self.clock.now();
        let act = act.on("key", id);
        let is_ended = self
            .db
            .write(move |conn| {
                let is_ended = keys::revoke(conn, org, person, id, now)?;
                if is_ended {
                    act.record(conn, now)?;
                }
                Ok::<_, Error>(is_ended)
            })
            .await?;
        if !is_ended {
            return Err(Error::UnknownKey(id));
        }
        self.recent.forget();
        tracing::info!(key.id = %id, "an API key was revoked");
        self.publish(Event::SessionEnded { session: id }).await;
        Ok(())
    }

    /// Whom a key acts for.
    pub(crate) async fn caller_of_key(&self, token: &str, request: RequestId) -> Result<Caller, Error> {
        let (hash, now) = (opaque::hash(token), self.clock.now());
        let (key, standing) = match self.recent.find(&hash, now) {
            Some(known) => known,
            None => self.read_key(hash, now).await?,
        };
        let role = standing.role.unwrap_or(Role::Visitor);
        let mut caller = Caller::person(key.org, key.person, role, key.id, request);
        standing.give(&mut caller);
        caller
            .permissions
            .retain(|permission| key.permissions.contains(permission));
        // Roles count as far as the key may do what they bring.
        let held = caller.permissions.clone();
        let counts = |name: &String| standing.roles.get(name).is_some_and(|brought| brought.is_subset(&held));
        caller.roles.retain(counts);
        caller.bots = key.bots;
        Ok(caller)
    }

    async fn read_key(&self, hash: String, now: DateTime<Utc>) -> Result<(ApiKey, Arc<Standing>), Error> {
        let (sought, standings) = (hash.clone(), self.standings.clone());
        let found = self
            .db
            .read(move |conn| {
                let Some(key) = keys::find_by_token(conn, &sought, now)? else {
                    return Ok(None);
                };
                let person = people::find(conn, key.org, key.person)?;
                if person.is_none_or(|person| person.disabled_at.is_some()) {
                    return Ok(None);
                }
                let standing = standings.get(conn, key.org, Who::Person(key.person), now)?;
                Ok::<_, Error>(standing.map(|standing| (key, standing)))
            })
            .await?;
        let (key, standing) = found.ok_or(Error::BadToken)?;
        self.recent.keep(hash, &key, &standing, now);
        if key.seen_at.is_none_or(|seen| now - seen >= SEEN_STEP) {
            let (org, id) = (key.org, key.id);
            let noted = self
                .db
                .write(move |conn| Ok::<_, Error>(keys::touch(conn, org, id, now)?))
                .await;
            if let Err(error) = noted {
                tracing::warn!("the use of a key could not be noted: {error}");
            }
        }
        Ok((key, standing))
    }
}
