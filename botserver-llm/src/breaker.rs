//! Leaves a failing provider alone for a while.

use std::{sync::Arc, time::Duration};

use botstate::model::ModelError;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::Instant;

/// Failed answers in a row after which a provider rests.
const FAILURES: u32 = 5;

/// How a provider is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakerReport {
    /// The address without credentials.
    pub url: String,
    /// Whether requests are made.
    pub state: BreakerState,
    /// Failures in a row so far.
    pub failures: u32,
    /// Seconds until the next try, 0 when requests are made.
    pub next_try_seconds: u64,
}

/// Whether requests to a provider are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// They are.
    Closed,
    /// They are not: it failed too often in a row.
    Open,
    /// One is, to see whether it answers again.
    Probing,
}

/// The breaker of one address, shared by everything that asks there.
#[derive(Debug)]
pub(crate) struct Breaker {
    url: Arc<str>,
    rest: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    failures: u32,
    /// Set while the provider rests.
    rests_until: Option<Instant>,
    probing: bool,
}

/// Leave to make one request. Dropped without a verdict it counts neither way.
#[derive(Debug)]
pub(crate) struct Ticket {
    breaker: Arc<Breaker>,
    probe: bool,
    settled: bool,
}

impl Breaker {
    /// A closed breaker for `url`.
    pub(crate) fn new(url: Arc<str>, rest: Duration) -> Self {
        Self {
            url,
            rest,
            inner: Mutex::default(),
        }
    }

    /// Leave to make a request.
    ///
    /// # Errors
    /// [`ModelError::Resting`] while the provider rests or somebody else probes it.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Ticket, ModelError> {
        let mut inner = self.inner.lock();
        let probe = match inner.rests_until {
            None => false,
            Some(until) if until <= Instant::now() && !inner.probing => true,
            Some(until) => {
                return Err(ModelError::Resting {
                    url: self.url.to_string(),
                    failures: inner.failures,
                    seconds: seconds_until(until).max(1),
                });
            }
        };
        inner.probing |= probe;
        Ok(Ticket {
            breaker: Arc::clone(self),
            probe,
            settled: false,
        })
    }

    /// How the provider is doing.
    pub(crate) fn report(&self) -> BreakerReport {
        let inner = self.inner.lock();
        let state = match inner.rests_until {
            None => BreakerState::Closed,
            Some(_) if inner.probing => BreakerState::Probing,
            Some(_) => BreakerState::Open,
        };
        BreakerReport {
            url: self.url.to_string(),
            state,
            failures: inner.failures,
            next_try_seconds: inner.rests_until.map_or(0, seconds_until),
        }
    }
}

impl Ticket {
    /// The provider began to answer: enough for a probe to open the way for everyone.
    pub(crate) fn answers(&mut self) {
        if self.probe {
            self.probe = false;
            *self.breaker.inner.lock() = Inner::default();
            tracing::info!(llm.url = %self.breaker.url, "the model answers again");
        }
    }

    /// The answer came to its end.
    pub(crate) fn succeed(mut self) {
        self.settle(true);
    }

    /// The answer failed: says whether that is the provider's fault.
    pub(crate) fn fail(mut self, error: &ModelError) {
        match error {
            ModelError::Unreachable { .. } | ModelError::Timeout { .. } | ModelError::Garbled { .. } => {
                self.settle(false);
            }
            ModelError::Refused { status, .. } => self.settle(*status < 500),
            ModelError::Unauthorized { .. } | ModelError::Limited { .. } => self.settle(true),
            ModelError::NotAsked { .. }
            | ModelError::Resting { .. }
            | ModelError::Exhausted { .. }
            | ModelError::Cancelled => {}
        }
    }

    fn settle(&mut self, alive: bool) {
        self.settled = true;
        let mut inner = self.breaker.inner.lock();
        if alive {
            *inner = Inner::default();
            return;
        }
        inner.failures = inner.failures.saturating_add(1);
        // Requests that were under way when the rest began must not prolong it; a failed probe begins a new one.
        let begins = if inner.rests_until.is_some() {
            self.probe
        } else {
            inner.failures >= FAILURES
        };
        if begins {
            inner.rests_until = Some(Instant::now() + self.breaker.rest);
            inner.probing = false;
            let (failures, seconds) = (inner.failures, self.breaker.rest.as_secs());
            tracing::warn!(llm.url = %self.breaker.url, failures, seconds, "the model fails and rests for a while");
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.probe && !self.settled {
            self.breaker.inner.lock().probing = false;
        }
    }
}

fn seconds_until(moment: Instant) -> u64 {
    // Rounded up, so that whoever waits that long does not come too early.
    moment
        .saturating_duration_since(Instant::now())
        .as_millis()
        .div_ceil(1000)
        .try_into()
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down() -> ModelError {
        ModelError::Unreachable {
            url: "http://model".to_owned(),
            reason: "refused".to_owned(),
        }
    }

    fn opened() -> Arc<Breaker> {
        let breaker = Arc::new(Breaker::new("http://model".into(), Duration::from_secs(10)));
        for _ in 0..FAILURES {
            breaker.admit().unwrap().fail(&down());
        }
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn five_failures_in_a_row_begin_a_rest_that_ends_with_one_probe() {
        let breaker = opened();
        assert_eq!(
            breaker.admit().unwrap_err(),
            ModelError::Resting {
                url: "http://model".to_owned(),
                failures: 5,
                seconds: 10
            }
        );

        tokio::time::advance(Duration::from_secs(10)).await;

        let mut probe = breaker.admit().unwrap();
        assert!(
            matches!(breaker.admit(), Err(ModelError::Resting { .. })),
            "only one probe at a time"
        );
        probe.answers();
        assert_eq!(breaker.report().state, BreakerState::Closed);
        breaker.admit().unwrap().succeed();
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_probe_begins_a_new_rest() {
        let breaker = opened();
        tokio::time::advance(Duration::from_secs(10)).await;

        breaker.admit().unwrap().fail(&down());

        let report = breaker.report();
        assert_eq!(
            (report.state, report.failures, report.next_try_seconds),
            (BreakerState::Open, 6, 10)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_probe_leaves_the_next_caller_a_try() {
        let breaker = opened();
        tokio::time::advance(Duration::from_secs(10)).await;

        drop(breaker.admit().unwrap());

        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_that_are_the_callers_fault_end_the_row() {
        let breaker = Arc::new(Breaker::new("http://model".into(), Duration::from_secs(10)));
        for _ in 0..FAILURES - 1 {
            breaker.admit().unwrap().fail(&down());
        }

        let refused = ModelError::Refused {
            url: String::new(),
            status: 400,
            reason: String::new(),
        };
        breaker.admit().unwrap().fail(&refused);
        breaker.admit().unwrap().fail(&down());

        assert_eq!(breaker.report().state, BreakerState::Closed);
    }
}
