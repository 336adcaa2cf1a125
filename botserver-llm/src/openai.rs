//! The client of OpenAI's chat completions, as nearly every provider speaks them.
//!
//! One [`OpenAi`] asks one model at one address. [`OpenAi::ask`] returns with the first piece of the answer,
//! because until then it may try again; the rest is an [`answer::Answer`].

mod answer;
mod assembler;
mod chunk;
mod events;
mod refusal;
mod request;
mod retry;
mod think;

use std::{sync::Arc, time::Duration};

use botlib::Secret;
use botstate::model::{ChatRequest, Deltas, ModelError};
use reqwest::{
    Client,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use self::{
    answer::{Answer, Live},
    refusal::Failure,
    request::{Habits, Names},
    retry::Backoff,
};
use crate::{
    BreakerState,
    breaker::{Breaker, Ticket},
    endpoint::Endpoint,
    http::reason,
    meter::Meter,
    service::LlmConfig,
};

/// One model at one address.
#[derive(Debug)]
pub(crate) struct OpenAi {
    endpoint: Endpoint,
    key: Option<Secret>,
    model: Arc<str>,
    http: Client,
    breaker: Arc<Breaker>,
    first_token: Duration,
    idle: Duration,
    retry_pause: Duration,
    habits: Habits,
}

impl OpenAi {
    /// A client that has not connected yet.
    pub(crate) fn new(
        mut endpoint: Endpoint,
        key: Option<Secret>,
        model: &str,
        http: Client,
        breaker: Arc<Breaker>,
        config: &LlmConfig,
    ) -> Self {
        if key.is_some() {
            // The name and password of the address would be sent as well and win over the key.
            let _ = endpoint.url.set_username("");
            let _ = endpoint.url.set_password(None);
        }
        Self {
            endpoint,
            key,
            model: model.into(),
            http,
            breaker,
            first_token: config.first_token_timeout,
            idle: config.idle_timeout,
            retry_pause: config.retry_pause,
            habits: Habits::default(),
        }
    }

    /// The provider's name of the model.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// Whether this client uses `key`.
    pub(crate) fn has_key(&self, key: Option<&str>) -> bool {
        self.key.as_ref().map(Secret::expose) == key
    }

    /// Asks, and returns with the first piece of the answer.
    pub(crate) async fn ask(&self, request: ChatRequest, cancel: CancellationToken) -> Result<Deltas, ModelError> {
        let mut meter = Meter::start(Arc::clone(&self.model));
        let started = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ModelError::Cancelled),
            started = self.start(&request) => started,
        };
        match started {
            Ok((live, ticket)) => {
                meter.first_piece();
                Ok(Answer {
                    live,
                    ticket: Some(ticket),
                    meter,
                    cancel,
                    idle: self.idle,
                }
                .into_deltas())
            }
            Err(error) => {
                meter.fail(&error);
                Err(error)
            }
        }
    }

    async fn start(&self, request: &ChatRequest) -> Result<(Live, Ticket), ModelError> {
        let headers = self.headers()?;
        let names = Names::of(&request.tools);
        let mut ticket = self.breaker.admit()?;
        let deadline = Instant::now() + self.first_token;
        let tried = timeout_at(deadline, self.try_all(request, &names, &headers, deadline)).await;
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
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<Live, ModelError> {
        let mut backoff = Backoff::new(self.retry_pause);
        loop {
            let habits = self.habits.now();
            let body = request::encode(&self.model, request, names, habits)?;
            let failure = match self.try_once(body, names, headers.clone()).await {
                Ok(live) => return Ok(live),
                Err(failure) => failure,
            };
            if self.habits.adapt(habits, &failure.error) {
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

    async fn try_once(&self, body: bytes::Bytes, names: &Names, headers: HeaderMap) -> Result<Live, Failure> {
        let sent = self
            .http
            .post(self.endpoint.url.clone())
            .headers(headers)
            .body(body)
            .send()
            .await;
        let response = sent.map_err(|error| Failure::network(&self.endpoint.shown, reason(&error)))?;
        if !response.status().is_success() {
            return Err(refusal::read(response, &self.endpoint.shown, self.key.as_ref()).await);
        }
        let mut live = Live::open(response, Arc::clone(&self.endpoint.shown), names.clone()).await?;
        while !live.has_started() {
            live.read().await?;
        }
        Ok(live)
    }

    /// Others found out meanwhile that the provider is down: this request stops trying, too, unless it is the probe.
    fn breaker_opened(&self) -> bool {
        self.breaker.report().state == BreakerState::Open
    }

    fn headers(&self) -> Result<HeaderMap, ModelError> {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(key) = &self.key {
            let bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose()));
            let mut bearer = bearer.map_err(|_unprintable| ModelError::NotAsked {
                reason: "its key has characters that no key has: check OPENAI_API_KEY or llm-key".to_owned(),
            })?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        Ok(headers)
    }
}

fn whole_seconds(limit: Duration) -> u64 {
    limit.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}
