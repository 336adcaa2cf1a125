//! Limits of requests and tokens, counted over all nodes.

use std::{fmt, sync::Arc, time::Duration};

use botstate::{
    model::{ChatRequest, ModelError, Usage},
    shared::{Decision, Quota, RateLimit},
};
use tokio::time::sleep;

use crate::client::Patience;

/// The longest wait for leave, with and without another model to ask.
const LONGEST: Duration = Duration::from_secs(15);
const SHORT: Duration = Duration::from_millis(500);

/// What may be spent under one key.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    /// Under which it is counted.
    pub(crate) key: String,
    /// How many requests.
    pub(crate) requests: Option<Quota>,
    /// How many tokens.
    pub(crate) tokens: Option<Quota>,
}

/// What a model may be asked.
#[derive(Clone, Default)]
pub(crate) struct Limits {
    rates: Option<Arc<dyn RateLimit>>,
    allowances: Arc<[Allowance]>,
}

/// What one request took of its limits.
#[derive(Default)]
pub(crate) struct Spend {
    limits: Limits,
    reserved: u32,
}

impl Limits {
    /// These allowances as `rates` counts them.
    pub(crate) fn new(rates: Option<Arc<dyn RateLimit>>, allowances: Vec<Allowance>) -> Self {
        Self {
            rates,
            allowances: allowances.into(),
        }
    }

    /// Takes leave for a request at `url`, and waits for it a moment where it is not there.
    ///
    /// # Errors
    /// [`ModelError::Limited`] when it takes longer.
    pub(crate) async fn take(&self, request: &ChatRequest, url: &str, patience: Patience) -> Result<Spend, ModelError> {
        if self.allowances.is_empty() {
            return Ok(Spend::default());
        }
        let reserved = estimated_tokens(request);
        for allowance in self.allowances.iter() {
            let key = &allowance.key;
            if let Some(quota) = allowance.requests {
                self.wait(&format!("llm-requests:{key}"), quota, 1, url, patience)
                    .await?;
            }
            if let Some(quota) = allowance.tokens {
                let cost = reserved.min(quota.burst);
                self.wait(&format!("llm-tokens:{key}"), quota, cost, url, patience)
                    .await?;
            }
        }
        Ok(Spend {
            limits: self.clone(),
            reserved,
        })
    }

    async fn wait(&self, key: &str, quota: Quota, cost: u32, url: &str, patience: Patience) -> Result<(), ModelError> {
        let longest = if patience == Patience::Long { LONGEST } else { SHORT };
        let mut waited = Duration::ZERO;
        while let Some(pause) = self.pause(key, quota, cost).await {
            waited += pause;
            if waited > longest {
                return Err(ModelError::Limited {
                    url: url.to_owned(),
                    retry_after: Some(pause.as_secs().max(1)),
                });
            }
            sleep(pause).await;
        }
        Ok(())
    }

    /// The time until there is leave; nothing when it was given, or when nobody can tell.
    async fn pause(&self, key: &str, quota: Quota, cost: u32) -> Option<Duration> {
        match self.rates.as_ref()?.take(key, quota, cost).await {
            Ok(Decision::Allowed { .. }) => None,
            Ok(Decision::Refused { retry_after }) => Some(retry_after.max(Duration::from_millis(1))),
            Err(error) => {
                tracing::warn!(%error, "a model is asked although its limit cannot be counted");
                None
            }
        }
    }
}

impl Spend {
    /// Counts what the answer cost beyond what was taken for it.
    pub(crate) async fn settle(&self, usage: Option<Usage>) {
        let Some(usage) = usage else { return };
        let spent = usage.input_tokens.saturating_add(usage.output_tokens);
        let more = spent.saturating_sub(self.reserved);
        for allowance in self.limits.allowances.iter() {
            if let Some(quota) = allowance.tokens.filter(|_| more > 0) {
                let key = format!("llm-tokens:{}", allowance.key);
                // Where not so much is left, the next request waits anyway.
                let _counted = self.limits.pause(&key, quota, more.min(quota.burst)).await;
            }
        }
    }
}

/// Roughly what a request costs: its words, its tools and the longest answer wanted.
fn estimated_tokens(request: &ChatRequest) -> u32 {
    let longest = request.max_tokens.unwrap_or_default();
    request.estimated_tokens().saturating_add(longest)
}

/// A quota such as `20`, `20/min`, `1000/h` or `5/s`; per minute where no time is given.
pub(crate) fn quota(text: &str) -> Option<Quota> {
    let (count, unit) = text.split_once('/').unwrap_or((text, "min"));
    let period = match unit.trim().to_ascii_lowercase().as_str() {
        "s" | "sec" | "second" => Duration::from_secs(1),
        "m" | "min" | "minute" => Duration::from_mins(1),
        "h" | "hour" => Duration::from_hours(1),
        "d" | "day" => Duration::from_hours(24),
        _ => return None,
    };
    let burst = count
        .trim()
        .replace(['_', ','], "")
        .parse()
        .ok()
        .filter(|burst| *burst > 0)?;
    Some(Quota { burst, period })
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("allowances", &self.allowances)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_read_in_every_form() {
        for (text, burst, seconds) in [
            ("20", 20, 60),
            ("20/min", 20, 60),
            (" 1_000 / h", 1000, 3600),
            ("5/s", 5, 1),
        ] {
            let expected = Quota {
                burst,
                period: Duration::from_secs(seconds),
            };
            assert_eq!(quota(text), Some(expected), "{text}");
        }
        for text in ["", "0", "-1", "many", "5/fortnight"] {
            assert_eq!(quota(text), None, "{text}");
        }
    }
}
