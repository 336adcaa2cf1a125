//! What asking a model is the same for with every provider: retries, breaker, time limits, streams, counting.
//!
//! One [`Client`] asks one model at one address in the words of its [`Protocol`]. [`Client::ask`] returns with
//! the first piece of the answer, because until then it may try again; the rest is an [`answer::Answer`].

mod answer;
mod assembly;
mod events;
mod habits;
mod names;
mod refusal;
mod retry;
mod think;
mod turns;

use std::{
    fmt::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use botlib::Secret;
use botstate::model::{Answerer, ChatRequest, Deltas, ModelError, Price, ToolCall};
use bytes::Bytes;
use reqwest::{
    Client as HttpClient,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde::{Serialize, de::IgnoredAny};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use url::Url;

use self::{
    answer::{Answer, Live},
    retry::Backoff,
};
pub(crate) use self::{
    assembly::{Assembly, Trouble},
    events::Event,
    habits::Habits,
    names::Names,
    refusal::{Failure, message_and_code, read as refused},
    retry::Patience,
    turns::{Part, Turns},
};
use crate::{
    BreakerState,
    breaker::{Breaker, Ticket},
    endpoint::Endpoint,
    http::reason,
    meter::Meter,
    service::LlmConfig,
    spend::Spend,
};

/// The largest body sent: more than the longest context of any provider holds.
const LARGEST: usize = 16 << 20;

/// What providers do differently.
#[async_trait]
pub(crate) trait Protocol: fmt::Debug + Send + Sync {
    /// The body of a streaming request.
    fn encode(&self, question: &Question<'_>) -> Result<Bytes, ModelError>;

    /// Adds to `headers` what lets a request of `body` in.
    async fn authorize(&self, headers: &mut HeaderMap, url: &Url, body: &[u8]) -> Result<(), Failure>;

    /// The key, which is kept out of messages.
    fn key(&self) -> Option<&Secret>;

    /// Takes an event of an answer in.
    fn feed(&self, event: Event<'_>, assembly: &mut Assembly) -> Result<Progress, Trouble>;
}

/// What a protocol writes down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The provider's name of the model.
    pub(crate) model: &'a str,
    /// What is asked.
    pub(crate) request: &'a ChatRequest,
    /// What the tools are called on the wire.
    pub(crate) names: &'a Names,
    /// What was learnt about the model, as [`Habits`] counts it.
    pub(crate) habits: u8,
}

/// Whether an answer is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More may come.
    More,
    /// That was all.
    Whole,
}

/// One model at one address.
#[derive(Debug)]
pub(crate) struct Client {
    protocol: Arc<dyn Protocol>,
    provider: Arc<str>,
    endpoint: Endpoint,
    model: Arc<str>,
    http: HttpClient,
    breaker: Arc<Breaker>,
    first_token: Duration,
    idle: Duration,
    retry_pause: Duration,
    habits: Habits,
    /// The smoothed time until the first piece in microseconds; 0 before the first answer.
    pace: AtomicU64,
}

impl Client {
    /// A client that has not connected yet.
    pub(crate) fn new(
        protocol: Arc<dyn Protocol>,
        provider: &str,
        mut endpoint: Endpoint,
        model: &str,
        http: HttpClient,
        breaker: Arc<Breaker>,
        config: &LlmConfig,
    ) -> Self {
        if protocol.key().is_some() {
            // The name and password of the address would be sent as well and win over the key.
            let _ = endpoint.url.set_username("");
            let _ = endpoint.url.set_password(None);
        }
        Self {
            protocol,
            provider: provider.into(),
            endpoint,
            model: model.into(),
            http,
            breaker,
            first_token: config.first_token_timeout,
            idle: config.idle_timeout,
            retry_pause: config.retry_pause,
            habits: Habits::default(),
            pace: AtomicU64::new(0),
        }
    }

    /// The provider's name of the model.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// The address for people.
    pub(crate) fn url(&self) -> &str {
        &self.endpoint.shown
    }

    /// Whether this client uses `key`.
    pub(crate) fn has_key(&self, key: Option<&str>) -> bool {
        self.protocol.key().map(Secret::expose) == key
    }

    /// How long the first piece of an answer takes; nothing before the first one.
    pub(crate) fn pace(&self) -> Option<Duration> {
        let pace = self.pace.load(Ordering::Relaxed);
        (pace > 0).then(|| Duration::from_micros(pace))
    }

    /// Asks, and returns with the first piece of the answer.
    pub(crate) async fn ask(
        &self,
        request: &ChatRequest,
        price: Option<Price>,
        spend: Spend,
        patience: Patience,
        cancel: CancellationToken,
    ) -> Result<Deltas, ModelError> {
        let mut meter = Meter::start(Arc::clone(&self.model));
        let began = Instant::now();
        let started = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ModelError::Cancelled),
            started = self.start(request, patience) => started,
        };
        match started {
            Ok((live, ticket)) => {
                meter.first_piece();
                self.learn_pace(began.elapsed());
                let by = Answerer {
                    provider: Arc::clone(&self.provider),
                    model: Arc::clone(&self.model),
                    price,
                };
                Ok(Answer {
                    live,
                    ticket: Some(ticket),
                    meter,
                    cancel,
                    idle: self.idle,
                    by,
                    spend,
                }
                .into_deltas())
            }
            Err(error) => {
                meter.fail(&error);
                Err(error)
            }
        }
    }

    /// The newest time counts a quarter.
    fn learn_pace(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX / 4).max(1);
        let before = self.pace.load(Ordering::Relaxed);
        let pace = if before == 0 {
            took
        } else {
            before - before / 4 + took / 4
        };
        self.pace.store(pace, Ordering::Relaxed);
    }

    async fn start(&self, request: &ChatRequest, patience: Patience) -> Result<(Live, Ticket), ModelError> {
        let names = Names::of(&request.tools);
        let mut ticket = self.breaker.admit()?;
        let deadline = Instant::now() + self.first_token;
        let tried = timeout_at(deadline, self.try_all(request, &names, patience, deadline)).await;
        let outcome = tried.unwrap_or_else(|_| {
            Err(ModelError::Timeout {
                url: self.endpoint.shown.to_string(),
                seconds: whole_seconds(self.first_token),
            })
        });
        match outcome {
            Ok(live) => {
                ticket.answers();
                Ok((live, ticket))
            }
            Err(error) => {
                ticket.fail(&error);
                Err(error)
            }
        }
    }

    async fn try_all(
        &self,
        request: &ChatRequest,
        names: &Names,
        patience: Patience,
        deadline: Instant,
    ) -> Result<Live, ModelError> {
        let mut backoff = Backoff::new(self.retry_pause, patience);
        loop {
            let question = Question {
                model: &self.model,
                request,
                names,
                habits: self.habits.now(),
            };
            let body = self.protocol.encode(&question)?;
            let failure = match self.try_once(body, names).await {
                Ok(live) => return Ok(live),
                Err(failure) => failure,
            };
            if self.habits.adapt(question.habits, &failure.error) {
                continue;
            }
            let pause = backoff.pause(failure.retry, deadline.saturating_duration_since(Instant::now()));
            let Some(pause) = pause.filter(|_| !self.breaker_opened()) else {
                return Err(failure.error);
            };
            tracing::debug!(llm.url = %self.endpoint.shown, error = %failure.error, ?pause, "asks the model again");
            sleep(pause).await;
        }
    }

    async fn try_once(&self, body: Bytes, names: &Names) -> Result<Live, Failure> {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        self.protocol.authorize(&mut headers, &self.endpoint.url, &body).await?;
        let sent = self
            .http
            .post(self.endpoint.url.clone())
            .headers(headers)
            .body(body)
            .send()
            .await;
        let response = sent.map_err(|error| Failure::network(&self.endpoint.shown, reason(&error)))?;
        if !response.status().is_success() {
            return Err(refusal::read(response, &self.endpoint.shown, self.protocol.key()).await);
        }
        let protocol = Arc::clone(&self.protocol);
        let mut live = Live::open(protocol, response, Arc::clone(&self.endpoint.shown), names.clone()).await?;
        while !live.has_started() {
            live.read().await?;
        }
        Ok(live)
    }

    /// Others found out meanwhile that the provider is down: this request stops trying, too, unless it is the probe.
    fn breaker_opened(&self) -> bool {
        self.breaker.report().state == BreakerState::Open
    }
}

/// The bytes of a body, unless they are too many.
pub(crate) fn written(body: &impl Serialize) -> Result<Bytes, ModelError> {
    let bytes = serde_json::to_vec(body).map_err(|error| ModelError::NotAsked {
        reason: format!("the request cannot be written: {error}"),
    })?;
    if bytes.len() > LARGEST {
        let (size, largest) = (bytes.len() >> 20, LARGEST >> 20);
        return Err(ModelError::NotAsked {
            reason: format!("the conversation has {size} MiB and at most {largest} MiB are sent"),
        });
    }
    Ok(bytes.into())
}

/// A secret as the value of a header.
pub(crate) fn secret(value: &str) -> Result<HeaderValue, ModelError> {
    let mut value = HeaderValue::from_str(value).map_err(|_unprintable| ModelError::NotAsked {
        reason: "its key has characters that no key has: check OPENAI_API_KEY or llm-key".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A bearer token as the value of a header.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, ModelError> {
    secret(&format!("Bearer {token}"))
}

/// The arguments of a call as JSON text. A model may have written some that are not JSON; providers that read
/// them again would refuse the whole conversation for ever.
pub(crate) fn readable_arguments(call: &ToolCall) -> &str {
    let readable = serde_json::from_str::<IgnoredAny>(&call.arguments).is_ok();
    if readable { call.arguments.as_str() } else { "{}" }
}

/// The arguments of a call as a JSON object; an empty one where they are none.
pub(crate) fn object_arguments(call: &ToolCall) -> serde_json::Value {
    serde_json::from_str(&call.arguments)
        .ok()
        .filter(serde_json::Value::is_object)
        .unwrap_or_else(|| serde_json::json!({}))
}

/// Bytes as text, two digits each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
            let _infallible = write!(hex, "{byte:02x}");
            hex
        })
}

fn whole_seconds(limit: Duration) -> u64 {
    limit.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_that_is_too_large_is_not_sent() {
        let error = written(&"x".repeat(LARGEST)).unwrap_err();

        assert_eq!(
            error.to_string(),
            "the model cannot be asked: the conversation has 16 MiB and at most 16 MiB are sent"
        );
    }
}
