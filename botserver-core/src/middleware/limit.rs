//! Rate limits for each caller.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use botlib::{Caller, Subject};
use botstate::shared::{Decision, Quota, RateLimit};

use super::context::RequestContext;
use crate::Problem;

/// The longest that a request waits for the limit's server.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long a server that failed is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts requests by caller, or by client address while nobody is proved.
pub(crate) struct Limiter {
    limits: Arc<dyn RateLimit>,
    quota: Option<Quota>,
    started: Instant,
    paused_until_ms: AtomicU64,
}

impl Limiter {
    /// `per_minute` requests, `burst` of them at once; zero of either means no limit.
    pub(crate) fn new(limits: Arc<dyn RateLimit>, per_minute: u32, burst: u32) -> Self {
        let quota = (per_minute > 0 && burst > 0).then(|| Quota {
            burst,
            period: Duration::from_mins(1) * burst / per_minute,
        });
        Self {
            limits,
            quota,
            started: Instant::now(),
            paused_until_ms: AtomicU64::new(0),
        }
    }

    /// Takes one request of `caller`, who asks from `context`.
    ///
    /// When the server behind the limit is away, everyone passes: a cache that is down must not take the service
    /// down with it.
    pub(crate) async fn take(&self, caller: &Caller, context: &RequestContext) -> Result<(), Problem> {
        let Some(quota) = self.quota else { return Ok(()) };
        let now = self.now_ms();
        if now < self.paused_until_ms.load(Ordering::Relaxed) {
            return Ok(());
        }
        let reason = match tokio::time::timeout(PATIENCE, self.limits.take(&key(caller, context), quota, 1)).await {
            Ok(Ok(Decision::Allowed { .. })) => return Ok(()),
            Ok(Ok(Decision::Refused { retry_after })) => {
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                return Err(Problem::too_many(seconds.max(1)));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} ms", PATIENCE.as_millis()),
        };
        let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        self.paused_until_ms.store(now.saturating_add(pause), Ordering::Relaxed);
        tracing::warn!("requests pass without a rate limit for a second: {reason}");
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn key(caller: &Caller, context: &RequestContext) -> String {
    let org = caller.org;
    match caller.subject {
        Subject::Person(person) => format!("http:{org}:person:{person}"),
        Subject::Visitor(visitor) => format!("http:{org}:visitor:{visitor}"),
        Subject::Nobody | Subject::Bot(_) | Subject::System => format!("http:{org}:address:{}", context.client_key()),
    }
}
