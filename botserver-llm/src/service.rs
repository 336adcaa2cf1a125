//! The service: what the server is composed with.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::Secret;
use botstate::{
    embed::{Embedders, Side},
    keyword::Registry,
    model::Models,
    rerank::Rerankers,
    service::{HealthCheck, Service},
    shared::RateLimit,
};

use crate::{
    breaker::{BreakerReport, BreakerState},
    keyword::keywords,
    local, meter,
    models::Directory,
};

/// What the server's configuration says about models; a bot's own settings win over it.
#[derive(Debug, Clone)]
pub struct LlmConfig {
    /// Where the provider is, with or without `/v1`; the public OpenAI service when there is only a key.
    pub base_url: Option<String>,
    /// The key for `base_url`. It is never sent to another address that a bot's settings name.
    pub api_key: Option<Secret>,
    /// The kind of provider, such as `anthropic`; read from the address when absent.
    pub provider: Option<String>,
    /// The model that answers for bots that name none.
    pub model: Option<String>,
    /// Models that are asked after it, by name at the same server or as `provider/name`.
    pub models: Vec<String>,
    /// Keys of other providers by their kind, each for the provider's own address only.
    pub keys: Vec<(String, Secret)>,
    /// Requests a minute to each address with the server's keys.
    pub requests_per_minute: Option<u32>,
    /// Tokens a minute at each address with the server's keys.
    pub tokens_per_minute: Option<u32>,
    /// A table of models in the form of the server's own, asked before it.
    pub catalogue: Option<String>,
    /// The folder of models that run in this process. Default `data/models`.
    pub models_dir: PathBuf,
    /// The embedder of bots that name none: a folder in `models_dir`.
    pub embedding_model: Option<String>,
    /// Threads on which the models of this process compute; one less than there are processors when absent.
    pub model_threads: Option<usize>,
    /// The longest wait for the first piece of an answer, retries included. Default 60 s.
    pub first_token_timeout: Duration,
    /// The longest wait between two pieces of an answer. Default 30 s.
    pub idle_timeout: Duration,
    /// The longest wait for a connection. Default 5 s.
    pub connect_timeout: Duration,
    /// The pause before the first retry, about doubled before the second. Default 250 ms.
    pub retry_pause: Duration,
    /// How long no request is made after five failures in a row. Default 10 s.
    pub rest: Duration,
}

impl Default for LlmConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            api_key: None,
            provider: None,
            model: None,
            models: Vec::new(),
            keys: Vec::new(),
            requests_per_minute: None,
            tokens_per_minute: None,
            catalogue: None,
            models_dir: PathBuf::from("data/models"),
            embedding_model: None,
            model_threads: None,
            first_token_timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            retry_pause: Duration::from_millis(250),
            rest: Duration::from_secs(10),
        }
    }
}

/// The models of this server; cheap to clone.
#[derive(Clone)]
pub struct LlmService {
    directory: Arc<Directory>,
}

/// The models that `config` and the bots' settings name. Nothing is connected until something is asked.
///
/// Limits of requests and tokens are counted by `rates`, and by nobody without it.
pub fn service(config: LlmConfig, rates: Option<Arc<dyn RateLimit>>) -> LlmService {
    meter::describe();
    LlmService {
        directory: Arc::new(Directory::new(config, rates)),
    }
}

impl LlmService {
    /// The port through which other domains ask models.
    pub fn models(&self) -> Arc<dyn Models> {
        Arc::<Directory>::clone(&self.directory)
    }

    /// The port through which other domains turn texts into vectors.
    pub fn embedders(&self) -> Arc<dyn Embedders> {
        Arc::<Directory>::clone(&self.directory)
    }

    /// The port through which other domains put what they found in a better order.
    pub fn rerankers(&self) -> Arc<dyn Rerankers> {
        Arc::<Directory>::clone(&self.directory)
    }

    /// Whether models can run in this process at all.
    pub const fn runs_models() -> bool {
        local::IS_BUILT_IN
    }

    /// Loads a model of this process and gives it something to do: what it is, in a sentence.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn probe(&self, name: &str) -> Result<String, String> {
        let missing =
            || format!("there is no model {name} in models_dir: botserver models fetch gets those that it knows");
        let text = ["the server is well".to_owned()];
        let embedder = match self.directory.locals.embedder(name) {
            Ok(embedder) => embedder.ok_or_else(missing)?,
            Err(not_an_embedder) => {
                let Ok(Some(reranker)) = self.directory.locals.reranker(name, 1) else {
                    return Err(not_an_embedder);
                };
                let scores = reranker.rerank("is the server well?", &text).await;
                let score = scores.map_err(|error| error.to_string())?.pop().unwrap_or_default();
                return Ok(format!("{}: a reranker, probe {score:.3}", reranker.id()));
            }
        };
        let vectors = embedder.embed(&text, Side::Passage).await;
        let vector = vectors.map_err(|error| error.to_string())?.pop().unwrap_or_default();
        if vector.len() != embedder.dimensions() || vector.iter().any(|number| !number.is_finite()) {
            return Err(format!("{} gave a vector that is none", embedder.id()));
        }
        Ok(format!(
            "{}: an embedder of {} numbers and {} tokens",
            embedder.id(),
            embedder.dimensions(),
            embedder.max_tokens()
        ))
    }

    /// Registers the keywords of this domain.
    pub fn register(&self, registry: &mut Registry) {
        for keyword in keywords(&self.models()) {
            registry.register(keyword);
        }
    }

    /// How each provider that was asked so far is doing, by address.
    pub fn breakers(&self) -> Vec<BreakerReport> {
        self.directory.breakers()
    }
}

impl Service for LlmService {
    fn name(&self) -> &'static str {
        "llm"
    }

    fn register_keywords(&self, registry: &mut Registry) {
        self.register(registry);
    }

    fn health_checks(&self) -> Vec<Box<dyn HealthCheck>> {
        vec![Box::new(Answering(self.clone()))]
    }
}

/// Whether the models that were asked answered. Asking one only to see would cost money.
struct Answering(LlmService);

#[async_trait]
impl HealthCheck for Answering {
    fn name(&self) -> &'static str {
        "model"
    }

    fn is_required(&self) -> bool {
        false
    }

    async fn check(&self) -> Result<String, String> {
        let reports = self.0.breakers();
        let (closed, open): (Vec<_>, Vec<_>) = reports.iter().partition(|one| one.state == BreakerState::Closed);
        if open.is_empty() {
            return Ok(match closed.len() {
                0 => "not asked yet".to_owned(),
                1 => "answers".to_owned(),
                count => format!("{count} servers answer"),
            });
        }
        let each = |one: &&BreakerReport| {
            let (url, failures, seconds) = (&one.url, one.failures, one.next_try_seconds);
            format!("{url} failed {failures} times in a row: next try in {seconds} s")
        };
        Err(open.iter().map(each).collect::<Vec<_>>().join("; "))
    }
}

impl fmt::Debug for LlmService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmService").finish_non_exhaustive()
    }
}
