//! Ports for what nodes share: cache, publish/subscribe, leases and rate limits.
//!
//! Each has two implementations that pass the same contract suite: in this process, and on Valkey or Redis.
//! Keys are written as `kind:tenant:name`; the Valkey implementation puts its own prefix before them.

mod gcra;
mod hub;
mod local;
mod valkey;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

pub use local::Local;
pub use valkey::Valkey;

/// Why a shared port failed: the server behind it is away or answered nonsense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cache server failed: {0}")]
pub struct SharedError(pub String);

/// Values that may vanish at any time.
#[async_trait]
pub trait Cache: Send + Sync + 'static {
    /// The value of `key`, unless it expired.
    ///
    /// # Errors
    /// When the server is away; callers go on without the value.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, SharedError>;

    /// Sets `key` for at most `ttl`.
    ///
    /// # Errors
    /// When the server is away.
    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), SharedError>;

    /// Sets `key` for at most `ttl` unless it has a value; true when it was set.
    ///
    /// # Errors
    /// When the server is away.
    async fn set_if_absent(&self, key: &str, value: Bytes, ttl: Duration) -> Result<bool, SharedError>;

    /// Forgets `key`.
    ///
    /// # Errors
    /// When the server is away.
    async fn remove(&self, key: &str) -> Result<(), SharedError>;
}

/// What a subscriber hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A message, with its topic.
    Message(String, Bytes),
    /// Messages may have been missed: a lost connection, or a reader that was too slow. Read again from
    /// the database.
    Gap,
}

/// Messages to everyone who listens now, on any node.
#[async_trait]
pub trait PubSub: Send + Sync + 'static {
    /// Sends `message` to the subscribers of `topic`. Never waits for them.
    ///
    /// # Errors
    /// When the server is away; the message is lost.
    async fn publish(&self, topic: &str, message: Bytes) -> Result<(), SharedError>;

    /// Messages of every topic that begins with `prefix`, from the moment that this returns. The stream
    /// never ends by itself: it reconnects, and says [`Heard::Gap`] where messages may be missing.
    ///
    /// # Errors
    /// When the first subscription cannot be made.
    async fn subscribe(&self, prefix: &str) -> Result<BoxStream<'static, Heard>, SharedError>;
}

/// Locks with an expiry, one holder at a time over all nodes.
#[async_trait]
pub trait Leases: Send + Sync + 'static {
    /// Takes or renews `name` for `holder`: true when `holder` has it for `ttl` from now. A lease that has
    /// expired belongs to nobody.
    ///
    /// # Errors
    /// When the server is away: nobody may assume to hold it then.
    async fn acquire(&self, name: &str, holder: &str, ttl: Duration) -> Result<bool, SharedError>;

    /// Gives `name` back if `holder` has it.
    ///
    /// # Errors
    /// When the server is away; the lease expires by itself.
    async fn release(&self, name: &str, holder: &str) -> Result<(), SharedError>;
}

/// A limit: `burst` at once, and one more each `period / burst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Units that may be taken at once.
    pub burst: u32,
    /// Time in which `burst` units come back.
    pub period: Duration,
}

/// Whether a unit was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes; so many are left.
    Allowed {
        /// Units that could be taken right now.
        remaining: u32,
    },
    /// No; the next one comes after this time.
    Refused {
        /// Time until a unit is there.
        retry_after: Duration,
    },
}

/// Counts use against quotas with the generic cell rate algorithm (ITU-T I.371, "virtual scheduling").
#[async_trait]
pub trait RateLimit: Send + Sync + 'static {
    /// Takes `cost` units of `key` under `quota`.
    ///
    /// # Errors
    /// When the server is away; callers decide whether that means yes or no.
    async fn take(&self, key: &str, quota: Quota, cost: u32) -> Result<Decision, SharedError>;
}
