//! What somebody may do, read once for each change of it, and the question whether they may do something.

use std::{num::NonZeroUsize, sync::Arc};

use botlib::{BotId, Caller, Decision, OrgId, Permission, PersonId, Resource, authorise};
use botstate::{db::Connection, event::Event};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use lru::LruCache;
use parking_lot::Mutex;

use super::AuthService;
use crate::{
    Error,
    model::standing::Standing,
    store::{organizations, standings},
};

/// Standings that this node knows at once.
const KNOWN: NonZeroUsize = NonZeroUsize::new(20_000).expect("is not zero");

/// Whose standing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// Anybody without an account.
    Visitor,
    /// A person.
    Person(PersonId),
    /// A bot, in its own name.
    Bot(BotId),
}

/// What was worked out, with the organisation's version that it was worked out from. A change anywhere makes another
/// version, which every node reads with the session: nothing that is kept here outlives a change.
#[derive(Clone)]
pub(crate) struct Standings {
    known: Arc<Mutex<LruCache<(OrgId, Who), Known>>>,
    server: OrgId,
}

type Known = (i64, Arc<Standing>);

impl Standings {
    pub(crate) fn new(server: OrgId) -> Self {
        Self {
            known: Arc::new(Mutex::new(LruCache::new(KNOWN))),
            server,
        }
    }

    /// What `who` may do in an organisation; nothing when there is no such organisation or they may not act there.
    pub(crate) fn get(
        &self,
        conn: &mut Connection,
        org: OrgId,
        who: Who,
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Arc<Standing>>> {
        // First the version: what changes between the two reads is then known under the older one, and read again.
        let Some(version) = organizations::access_version(conn, org)? else {
            return Ok(None);
        };
        if let Some((at, known)) = self.known.lock().get(&(org, who))
            && *at == version
            && known.until.is_none_or(|until| until > now)
        {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(standing) = self.read(conn, org, who, now)? else {
            return Ok(None);
        };
        let standing = Arc::new(standing);
        self.known.lock().put((org, who), (version, Arc::clone(&standing)));
        Ok(Some(standing))
    }

    /// The same past what is known, for transactions that change it.
    pub(crate) fn read(
        &self,
        conn: &mut Connection,
        org: OrgId,
        who: Who,
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Standing>> {
        let standing = match who {
            Who::Visitor => Some(standings::of_visitor(conn, org)?),
            Who::Person(person) => standings::of_person(conn, org, person, now)?,
            Who::Bot(bot) => Some(standings::of_bot(conn, org, bot, now)?),
        };
        let owns_server = org == self.server;
        Ok(standing.map(|standing| {
            if owns_server {
                standing
            } else {
                standing.without_server()
            }
        }))
    }
}

impl AuthService {
    pub(crate) async fn standing(&self, org: OrgId, who: Who) -> Result<Option<Arc<Standing>>, Error> {
        let (standings, now) = (self.standings.clone(), self.clock.now());
        self.db
            .read(move |conn| Ok::<_, Error>(standings.get(conn, org, who, now)?))
            .await
    }

    /// A bot at work for itself, with the rights that were granted to it.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn bot_caller(&self, org: OrgId, bot: BotId) -> Result<Caller, Error> {
        let mut caller = Caller::bot(org, bot);
        if let Some(standing) = self.standing(org, Who::Bot(bot)).await? {
            standing.give(&mut caller);
        }
        Ok(caller)
    }

    /// Tells every node that somebody may do something else from now on.
    pub(super) async fn publish_access(&self, org: OrgId, person: Option<PersonId>) {
        self.recent.forget();
        self.publish(Event::AccessChanged { org, person }).await;
    }
}

/// Refuses who may not do something at all.
pub(super) fn need(caller: &Caller, permission: Permission) -> Result<(), Error> {
    need_on(caller, permission, &Resource::route(), || Error::Forbidden(permission))
}

/// Refuses who may not do something to `resource`, with `unknown` where they may not know of it.
pub(super) fn need_on(
    caller: &Caller,
    permission: Permission,
    resource: &Resource<'_>,
    unknown: impl FnOnce() -> Error,
) -> Result<(), Error> {
    match authorise(caller, permission, resource) {
        Decision::Allowed => Ok(()),
        Decision::Unproved => Err(Error::Unproved),
        Decision::Forbidden(permission) => Err(Error::Forbidden(permission)),
        Decision::Invisible => Err(unknown()),
    }
}
