//! The shared ports inside one process: nothing to install, nothing to reach.

mod cache;
mod expiring;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use botlib::Clock;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use parking_lot::Mutex;

use self::cache::Entries;
use self::expiring::Expiring;
use super::gcra::Gcra;
use super::hub::Hub;
use super::{Cache, Decision, Heard, Leases, PubSub, Quota, RateLimit, SharedError};

/// Keys of rate limits at most; past it the least used are forgotten.
const LIMITED_KEYS: usize = 500_000;

/// Cache, publish/subscribe, leases and rate limits of a single node. No method fails.
///
/// Memory is bounded: the cache keeps 64 MiB and 100,000 entries at most and drops what was not used for the
/// longest time; a listener that falls behind by 1,024 messages or 1 MiB hears [`Heard::Gap`] in their place.
pub struct Local {
    clock: Arc<dyn Clock>,
    cache: Mutex<Entries>,
    leases: Mutex<Expiring<String>>,
    limits: Mutex<Expiring<()>>,
    hub: Arc<Hub>,
}

impl Local {
    /// Empty ports that read the time from `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            cache: Mutex::default(),
            leases: Mutex::default(),
            limits: Mutex::default(),
            hub: Arc::default(),
        }
    }

    /// The present in microseconds.
    fn now(&self) -> i64 {
        self.clock.now().timestamp_micros()
    }

    /// The moment `ttl` from now.
    fn end(&self, ttl: Duration) -> i64 {
        self.now()
            .saturating_add(i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX))
    }
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").finish_non_exhaustive()
    }
}

#[async_trait]
impl Cache for Local {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, SharedError> {
        Ok(self.cache.lock().get(key, self.now()))
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), SharedError> {
        self.cache.lock().set(key, value, self.end(ttl));
        Ok(())
    }

    async fn set_if_absent(&self, key: &str, value: Bytes, ttl: Duration) -> Result<bool, SharedError> {
        let mut cache = self.cache.lock();
        if cache.get(key, self.now()).is_some() {
            return Ok(false);
        }
        cache.set(key, value, self.end(ttl));
        Ok(true)
    }

    async fn remove(&self, key: &str) -> Result<(), SharedError> {
        self.cache.lock().remove(key);
        Ok(())
    }
}

#[async_trait]
impl PubSub for Local {
    async fn publish(&self, topic: &str, message: Bytes) -> Result<(), SharedError> {
        self.hub.publish(topic, &message);
        Ok(())
    }

    async fn subscribe(&self, prefix: &str) -> Result<BoxStream<'static, Heard>, SharedError> {
        Ok(self.hub.listen(prefix).boxed())
    }
}

#[async_trait]
impl Leases for Local {
    async fn acquire(&self, name: &str, holder: &str, ttl: Duration) -> Result<bool, SharedError> {
        let mut leases = self.leases.lock();
        let now = self.now();
        if leases.get(name, now).is_some_and(|(current, _)| current != holder) {
            return Ok(false);
        }
        leases.set(name, holder.to_owned(), self.end(ttl), now);
        Ok(true)
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), SharedError> {
        let mut leases = self.leases.lock();
        if leases
            .get(name, self.now())
            .is_some_and(|(current, _)| current == holder)
        {
            leases.remove(name);
        }
        Ok(())
    }
}

#[async_trait]
impl RateLimit for Local {
    async fn take(&self, key: &str, quota: Quota, cost: u32) -> Result<Decision, SharedError> {
        let gcra = Gcra::new(quota);
        let increment = match gcra.increment(cost) {
            Ok(increment) => increment,
            Err(refused) => return Ok(refused),
        };
        let mut limits = self.limits.lock();
        let now = self.now();
        // A key's theoretical arrival time is also the moment from which it says nothing any more.
        let tat = limits.get(key, now).map(|((), tat)| tat);
        let (decision, next) = gcra.decide(tat, now, increment);
        if let Some(next) = next {
            limits.set(key, (), next, now);
            limits.shrink_to(LIMITED_KEYS, now);
        }
        Ok(decision)
    }
}
