//! Writing down in the background, and reserving before a call.

use std::{collections::BTreeMap, mem, sync::Arc, time::Duration};

use botlib::{Clock, OrgId};
use botstate::{
    Db, Lifecycle,
    config::UsageConfig,
    model::Asker,
    usage::{Call, Ledger},
};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, sleep},
};
use uuid::Uuid;

use crate::{
    error::Error,
    meter::Meter,
    model::{Amount, Budget, Entry, Item, Limit, Period, Scope, Stated, Who},
    store::{budgets, calls, counters},
};

/// How long calls are gathered before they are written.
const GATHERED: Duration = Duration::from_millis(300);

/// The pause after a database that refused.
const AGAIN: Duration = Duration::from_secs(2);

/// Calls that wait to be written at most; past it the oldest are given up.
const MOST: usize = 100_000;

/// Calls of one transaction.
const BATCH: usize = 200;

/// For how long budgets of the API are believed without a look at the database.
const FRESH: Duration = Duration::from_secs(2);

/// Tokens that an answer is taken for when nobody says how long it may be.
pub(crate) const ANSWER: u32 = 512;

/// The ledger and the budgets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
    config: UsageConfig,
    meter: Meter,
    waiting: Mutex<Waiting>,
    /// One batch at a time, so that nothing is written before what it follows.
    writing: AsyncMutex<()>,
    budgets: Mutex<BTreeMap<OrgId, Known>>,
}

/// Budgets of an organisation as they were read.
#[derive(Clone)]
struct Known {
    read_at: Instant,
    budgets: Arc<[Budget]>,
}

#[derive(Default)]
struct Waiting {
    items: Vec<Item>,
    /// Whether a task is on its way to write them.
    is_awaited: bool,
}

impl Desk {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, lifecycle: Lifecycle, config: UsageConfig) -> Self {
        Self(Arc::new(Inner {
            db,
            clock,
            lifecycle,
            config,
            meter: Meter::new(),
            waiting: Mutex::default(),
            writing: AsyncMutex::default(),
            budgets: Mutex::default(),
        }))
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn config(&self) -> &UsageConfig {
        &self.0.config
    }

    /// Notes a call that began at `at`, and gives back what it had reserved.
    pub(crate) fn settle(&self, call: Call, at: DateTime<Utc>, reservation: Option<Uuid>) {
        self.0.meter.count(&call);
        let entry = Entry {
            id: Uuid::now_v7(),
            at,
            call,
        };
        self.push(Item::Call(Box::new(entry), reservation));
    }

    /// Gives back what a call had reserved that was never made.
    pub(crate) fn release(&self, reservation: Uuid) {
        self.push(Item::Release(reservation));
    }

    fn push(&self, item: Item) {
        let mut waiting = self.0.waiting.lock();
        if waiting.items.len() >= MOST {
            tracing::error!("the ledger cannot be written: the oldest calls are given up");
            waiting.items.drain(..BATCH);
        }
        waiting.items.push(item);
        if mem::replace(&mut waiting.is_awaited, true) {
            return;
        }
        drop(waiting);
        if tokio::runtime::Handle::try_current().is_err() {
            // The process ends: what is dropped now has nobody left to write it.
            self.0.waiting.lock().is_awaited = false;
            return;
        }
        let desk = self.clone();
        // Shutdown waits for this task, so that a clean stop loses nothing.
        self.0.lifecycle.spawn(async move { desk.write().await });
    }

    /// Writes what waits, and what comes meanwhile.
    async fn write(&self) {
        let draining = self.0.lifecycle.draining();
        tokio::select! {
            () = sleep(GATHERED) => {}
            () = draining.cancelled() => {}
        }
        let stopping = self.0.lifecycle.stopping();
        loop {
            match self.flush().await {
                Ok(()) => return,
                Err(error) if stopping.is_cancelled() => {
                    tracing::error!(%error, "the last calls of models were not written down");
                    return;
                }
                Err(error) => tracing::warn!(%error, "calls of models are not written down yet"),
            }
            tokio::select! {
                () = sleep(AGAIN) => {}
                () = stopping.cancelled() => {}
            }
        }
    }

    /// Writes everything that waits.
    ///
    /// # Errors
    /// When the database refuses; what was not written waits on.
    pub(crate) async fn flush(&self) -> Result<(), Error> {
        let _order = self.0.writing.lock().await;
        loop {
            let batch: Vec<Item> = {
                let mut waiting = self.0.waiting.lock();
                if waiting.items.is_empty() {
                    waiting.is_awaited = false;
                    return Ok(());
                }
                let count = waiting.items.len().min(BATCH);
                waiting.items.drain(..count).collect()
            };
            let items = batch.clone();
            let written = self.0.db.write(move |conn| {
                let mut changes = BTreeMap::new();
                for item in &items {
                    let (entry, reservation) = match item {
                        Item::Call(entry, reservation) => (Some(entry), *reservation),
                        Item::Release(id) => (None, Some(*id)),
                    };
                    if let Some(entry) = entry
                        && calls::create(conn, entry)?
                    {
                        count(entry, &mut changes);
                    }
                    if let Some(id) = reservation {
                        counters::release(conn, id, &mut changes)?;
                    }
                }
                counters::change(conn, changes)?;
                Ok::<_, Error>(())
            });
            if let Err(error) = written.await {
                self.0.waiting.lock().items.splice(0..0, batch);
                return Err(error);
            }
        }
    }

    /// Reserves `amount` under `id` in every budget that a call for `asker` falls under; false when there is none.
    ///
    /// # Errors
    /// [`Error::Exhausted`] for the first budget without room, or when the budgets cannot be read.
    pub(crate) async fn reserve(
        &self,
        asker: &Asker,
        stated: &Stated,
        amount: Amount,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let limits = self.limits(asker, stated).await?;
        if limits.is_empty() {
            return Ok(false);
        }
        let org = asker.org;
        let reserve = self.0.db.write(move |conn| {
            let mut scopes = Vec::with_capacity(limits.len());
            for limit in &limits {
                let period = limit.period.at(now);
                if !counters::reserve(conn, org, limit, &period, amount)? {
                    return Err(Error::Exhausted {
                        budget: limit.name(),
                        renews_at: limit.period.end(now),
                    });
                }
                scopes.push((limit.scope.key(), period));
            }
            counters::note(conn, id, org, &scopes, amount, now)?;
            Ok(())
        });
        reserve.await.map(|()| true)
    }

    /// The limits of a call, the smallest for each counter, in the order of their counters.
    async fn limits(&self, asker: &Asker, stated: &Stated) -> Result<Vec<Limit>, Error> {
        let (bot, who) = (Some(asker.bot), Who::of(asker));
        let everybody = Scope { bot: None, who: None };
        let mut limits: Vec<Limit> = Limit::stated(everybody, &self.0.config.organization).collect();
        limits.extend(Limit::stated(Scope { bot, who: None }, &stated.bot));
        if who.is_some() {
            limits.extend(Limit::stated(Scope { bot: None, who }, &self.0.config.person));
            limits.extend(Limit::stated(Scope { bot, who }, &stated.person));
        }
        let set = self.budgets(asker.org).await?;
        let own = set.iter().map(Budget::limit).filter(|limit| {
            let is_bot = limit.scope.bot.is_none() || limit.scope.bot == bot;
            is_bot && (limit.scope.who.is_none() || limit.scope.who == who)
        });
        limits.extend(own);
        let mut smallest: BTreeMap<(String, String), Limit> = BTreeMap::new();
        for limit in limits {
            let key = (limit.scope.key(), limit.period.name().to_owned());
            let known = smallest.entry(key).or_insert(limit);
            known.money = smaller(known.money, limit.money);
            known.tokens = smaller(known.tokens, limit.tokens);
        }
        Ok(smallest.into_values().collect())
    }

    /// The budgets that an organisation has set.
    async fn budgets(&self, org: OrgId) -> Result<Arc<[Budget]>, Error> {
        let known = self.0.budgets.lock().get(&org).cloned();
        if let Some(known) = known.filter(|known| known.read_at.elapsed() < FRESH) {
            return Ok(known.budgets);
        }
        let read_at = Instant::now();
        let read = self
            .0
            .db
            .read(move |conn| budgets::list(conn, org).map_err(Error::from));
        let budgets: Arc<[Budget]> = read.await?.into();
        let known = Known {
            read_at,
            budgets: Arc::clone(&budgets),
        };
        self.0.budgets.lock().insert(org, known);
        Ok(budgets)
    }

    /// Looks at the database for the budgets of an organisation next time.
    pub(crate) fn forget_budgets(&self, org: OrgId) {
        self.0.budgets.lock().remove(&org);
    }
}

impl Ledger for Desk {
    fn record(&self, call: Call) {
        self.settle(call, self.now(), None);
    }
}

/// Adds what a call used to each counter that it counts in.
fn count(entry: &Entry, changes: &mut BTreeMap<counters::Key, counters::Change>) {
    let amount = entry.amount();
    if amount == Amount::default() {
        return;
    }
    let asker = &entry.call.asker;
    for scope in Scope::of(asker) {
        for period in Period::ALL {
            let key = (asker.org, scope.key(), period.at(entry.at));
            changes.entry(key).or_default().spend(amount);
        }
    }
}

fn smaller<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
