//! What was answered from documents that have changed since is taken off its shelf.
//!
//! Nobody would find it any more, since the state of the documents is part of a shelf's name. It is removed all the same:
//! what was deleted must not lie anywhere, answers included.

use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use botlib::{BotId, Clock};
use botstate::{Lifecycle, knowledge::Knowledge, run::Late, shared::Cache};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use tokio::time::sleep;

use super::Place;

/// How often one looks.
const EVERY: Duration = Duration::from_secs(2);

/// Shelves that one node fills at most.
const MOST: usize = 10_000;

/// Removes answers whose documents have changed. Each node looks after the shelves that it has filled.
#[derive(Clone)]
pub(super) struct Watch(Arc<Inner>);

struct Inner {
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
    knowledge: Late<dyn Knowledge>,
    watched: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    /// Shelves by the documents that their answers lean on, with the time at which they are empty.
    shelves: HashMap<Source, HashMap<String, DateTime<Utc>>>,
    is_running: bool,
}

/// Documents in one state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Source {
    bot: BotId,
    version: String,
    collections: Vec<String>,
}

impl Watch {
    pub(super) fn new(
        cache: Arc<dyn Cache>,
        clock: Arc<dyn Clock>,
        lifecycle: Lifecycle,
        knowledge: Late<dyn Knowledge>,
    ) -> Self {
        Self(Arc::new(Inner {
            cache,
            clock,
            lifecycle,
            knowledge,
            watched: Mutex::default(),
        }))
    }

    /// Looks after a shelf from now on; false when there are too many already.
    pub(super) fn begin(&self, place: &Place) -> bool {
        let Some((version, collections)) = &place.knowledge else {
            return true;
        };
        let source = Source {
            bot: place.bot,
            version: version.clone(),
            collections: collections.clone(),
        };
        let ttl = TimeDelta::from_std(place.rules.ttl).unwrap_or(TimeDelta::MAX);
        let until = self.0.clock.now() + ttl;
        let mut watched = self.0.watched.lock();
        let count: usize = watched.shelves.values().map(HashMap::len).sum();
        let shelves = watched.shelves.entry(source).or_default();
        if count >= MOST && !shelves.contains_key(&place.key) {
            return false;
        }
        shelves.insert(place.key.clone(), until);
        if !mem::replace(&mut watched.is_running, true) {
            let watch = self.clone();
            self.0.lifecycle.spawn(async move { watch.run().await });
        }
        true
    }

    async fn run(&self) {
        let draining = self.0.lifecycle.draining();
        loop {
            tokio::select! {
                () = sleep(EVERY) => {}
                () = draining.cancelled() => return,
            }
            let now = self.0.clock.now();
            let sources: Vec<Source> = {
                let mut watched = self.0.watched.lock();
                for shelves in watched.shelves.values_mut() {
                    shelves.retain(|_, until| *until > now);
                }
                watched.shelves.retain(|_, shelves| !shelves.is_empty());
                if watched.shelves.is_empty() {
                    watched.is_running = false;
                    return;
                }
                watched.shelves.keys().cloned().collect()
            };
            for source in sources {
                self.look(&source).await;
            }
        }
    }

    async fn look(&self, source: &Source) {
        let Some(knowledge) = self.0.knowledge.get() else {
            return;
        };
        match knowledge.version(source.bot, &source.collections).await {
            Ok(version) if version == source.version => {}
            Ok(_) => self.clear(source).await,
            Err(error) => tracing::debug!(%error, "the state of a bot's documents cannot be read"),
        }
    }

    async fn clear(&self, source: &Source) {
        let shelves = self.0.watched.lock().shelves.remove(source).unwrap_or_default();
        for (key, until) in shelves {
            if let Err(error) = self.0.cache.remove(&key).await {
                tracing::debug!(%error, "answers from documents that have changed are not removed yet");
                let mut watched = self.0.watched.lock();
                watched.shelves.entry(source.clone()).or_default().insert(key, until);
            }
        }
    }
}
