//! The shared ports on Valkey or Redis, for several nodes.
//!
//! Commands share one connection ([`link`]), subscriptions another ([`topics`]). Both connect when they are
//! first needed and again when they are lost; meanwhile calls fail at once or after [`LIMIT`].

mod backoff;
mod link;
mod route;
mod subscriber;
mod topics;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionInfo, IntoConnectionInfo as _, Script, cmd};

use self::link::{Again, Link};
use self::topics::Topics;
use super::gcra::{Gcra, micros};
use super::{Cache, Decision, Heard, Leases, PubSub, Quota, RateLimit, SharedError};
use crate::service::HealthCheck;

/// The longest time that a call takes, whatever the server does.
const LIMIT: Duration = Duration::from_secs(2);

static ACQUIRE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("valkey/acquire.lua")));
static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("valkey/release.lua")));
static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("valkey/take.lua")));

/// Cache, publish/subscribe, leases and rate limits on a server that every node reaches.
///
/// Every key begins with `botserver:`. Times are the server's, so clocks of nodes need not agree. Clones share
/// their connections.
#[derive(Clone)]
pub struct Valkey {
    link: Arc<Link>,
    topics: Arc<Topics>,
}

impl Valkey {
    /// Ports on the server at `url` (`redis://`, `valkey://` or `unix://`). Returns at once: the server may
    /// be away and come later. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When `url` is not understood, or asks for TLS.
    pub fn connect(url: &str) -> Result<Self, SharedError> {
        let scheme = url.split("://").next().unwrap_or_default();
        if matches!(scheme, "rediss" | "valkeys") {
            return Err(SharedError(format!(
                "{scheme}:// asks for TLS, which this build does not speak: use redis:// on a trusted network or through a tunnel"
            )));
        }
        let info = url
            .into_connection_info()
            .map_err(|error| SharedError(format!("the address is wrong: {error}")))?;
        let client = open(info)?;
        Ok(Self {
            link: Arc::new(Link::new(client.clone())),
            topics: Arc::new(Topics::new(client)),
        })
    }

    /// A check for `/health/ready` and `doctor`.
    pub fn health_check(&self) -> Box<dyn HealthCheck> {
        Box::new(ValkeyCheck(self.clone()))
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// When none comes within two seconds.
    pub async fn ping(&self) -> Result<(), SharedError> {
        self.link.command(Again::Yes, &cmd("PING")).await
    }
}

/// The server in `/health/ready`. A node without it is not whole, but taking every node away at once because
/// the server that they share is down would be worse.
struct ValkeyCheck(Valkey);

#[async_trait]
impl HealthCheck for ValkeyCheck {
    fn name(&self) -> &'static str {
        "cache"
    }

    fn is_required(&self) -> bool {
        false
    }

    async fn check(&self) -> Result<String, String> {
        let answer = self.0.ping().await;
        answer
            .map(|()| "answers".to_owned())
            .map_err(|error| format!("{error}; check REDIS_URL and whether the server runs"))
    }
}

impl std::fmt::Debug for Valkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Valkey").finish_non_exhaustive()
    }
}

fn open(info: ConnectionInfo) -> Result<Client, SharedError> {
    // Without it small commands wait for the acknowledgement of the ones before them.
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    Client::open(info).map_err(SharedError::from)
}

impl From<redis::RedisError> for SharedError {
    fn from(error: redis::RedisError) -> Self {
        Self(error.to_string())
    }
}

/// What is said of a server that accepts and does not answer.
fn silent() -> SharedError {
    SharedError(format!("no answer within {} seconds", LIMIT.as_secs()))
}

/// Milliseconds for `PX`, which takes no zero; a century at most.
fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis())
        .unwrap_or(u64::MAX)
        .clamp(1, 100 * 365 * 24 * 3_600_000)
}

fn cache_key(key: &str) -> String {
    format!("botserver:cache:{key}")
}

fn lease_key(name: &str) -> String {
    format!("botserver:lease:{name}")
}

#[async_trait]
impl Cache for Valkey {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, SharedError> {
        let command = cmd("GET").arg(cache_key(key)).take();
        self.link.command(Again::Yes, &command).await
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), SharedError> {
        let command = cmd("SET")
            .arg(cache_key(key))
            .arg(&*value)
            .arg("PX")
            .arg(milliseconds(ttl))
            .take();
        self.link.command(Again::Yes, &command).await
    }

    async fn set_if_absent(&self, key: &str, value: Bytes, ttl: Duration) -> Result<bool, SharedError> {
        let command = cmd("SET")
            .arg(cache_key(key))
            .arg(&*value)
            .arg("NX")
            .arg("PX")
            .arg(milliseconds(ttl))
            .take();
        // Not again: the first try may have set it, and the second would say that somebody else did.
        self.link.command(Again::No, &command).await
    }

    async fn remove(&self, key: &str) -> Result<(), SharedError> {
        let command = cmd("DEL").arg(cache_key(key)).take();
        self.link.command(Again::Yes, &command).await
    }
}

#[async_trait]
impl PubSub for Valkey {
    async fn publish(&self, topic: &str, message: Bytes) -> Result<(), SharedError> {
        let command = cmd("PUBLISH")
            .arg(route::channel(topic))
            .arg(route::pack(topic, &message))
            .take();
        // Again, because a message heard twice is better than one that nobody hears.
        self.link.command(Again::Yes, &command).await
    }

    async fn subscribe(&self, prefix: &str) -> Result<BoxStream<'static, Heard>, SharedError> {
        self.topics.subscribe(prefix).await
    }
}

#[async_trait]
impl Leases for Valkey {
    async fn acquire(&self, name: &str, holder: &str, ttl: Duration) -> Result<bool, SharedError> {
        let mut call = ACQUIRE.key(lease_key(name));
        call.arg(holder).arg(milliseconds(ttl));
        self.link.script(Again::Yes, &call).await
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), SharedError> {
        let mut call = RELEASE.key(lease_key(name));
        call.arg(holder);
        self.link.script(Again::Yes, &call).await
    }
}

#[async_trait]
impl RateLimit for Valkey {
    async fn take(&self, key: &str, quota: Quota, cost: u32) -> Result<Decision, SharedError> {
        let gcra = Gcra::new(quota);
        let increment = match gcra.increment(cost) {
            Ok(increment) => increment,
            Err(refused) => return Ok(refused),
        };
        let mut call = TAKE.key(format!("botserver:limit:{key}"));
        call.arg(gcra.interval).arg(gcra.capacity).arg(increment);
        let (allowed, number): (bool, i64) = self.link.script(Again::No, &call).await?;
        Ok(if allowed {
            Decision::Allowed {
                remaining: u32::try_from(number).unwrap_or_default(),
            }
        } else {
            Decision::Refused {
                retry_after: micros(number),
            }
        })
    }
}
