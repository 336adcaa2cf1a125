//! Which model answers for a bot.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use async_trait::async_trait;
use botlib::Secret;
use botstate::{
    dialog::{Bot, Settings},
    model::{ChatModel, ChatRequest, Deltas, ModelError, Models},
};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::{
    breaker::{Breaker, BreakerReport},
    endpoint::Endpoint,
    http::Http,
    openai::OpenAi,
    service::LlmConfig,
};

/// Where a key without an address belongs.
const OPENAI: &str = "https://api.openai.com/v1";

/// What servers of a single model, which ignore the name, are asked for.
const UNNAMED: &str = "default";

/// Clients kept at most; those that nobody uses go first.
const CLIENTS: usize = 256;

/// Finds models by the settings of bots and the configuration of the server.
pub(crate) struct Directory {
    config: LlmConfig,
    http: Result<Http, String>,
    breakers: Mutex<HashMap<Arc<str>, Arc<Breaker>>>,
    clients: Mutex<HashMap<ClientKey, Arc<OpenAi>>>,
    hasher: RandomState,
}

/// What tells clients apart. The key of the provider is there as a hash, so that it is kept in one place only.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ClientKey {
    url: String,
    key: u64,
    model: String,
}

/// What settings and configuration together name.
struct Choice {
    endpoint: Endpoint,
    key: Option<Secret>,
    model: String,
}

impl Directory {
    /// A directory that has not made any client yet.
    pub(crate) fn new(config: LlmConfig) -> Self {
        if config.base_url.is_none() && config.api_key.is_some() && config.model.is_none() {
            tracing::warn!(
                "there is a key for a model but no name of one: name it to let bots without llm-model answer"
            );
        }
        Self {
            http: Http::new(config.connect_timeout),
            config,
            breakers: Mutex::default(),
            clients: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// How the providers that were asked are doing, by address.
    pub(crate) fn breakers(&self) -> Vec<BreakerReport> {
        let mut reports: Vec<_> = self.breakers.lock().values().map(|breaker| breaker.report()).collect();
        reports.sort_by(|a, b| a.url.cmp(&b.url));
        reports
    }

    /// What the settings name, else the configuration; nothing when neither does.
    fn choose(&self, settings: &Settings) -> Result<Option<Choice>, String> {
        let base = plain(settings, "llm-url")?;
        let path = plain(settings, "llm-endpoint-path")?;
        let model = plain(settings, "llm-model")?;
        let key = match plain(settings, "llm-key")? {
            Some(key) => Some(key),
            None => plain(settings, "llm-api-key")?,
        };
        let own_key = key.map(Secret::new);

        let has_key = own_key.is_some() || self.config.api_key.is_some();
        let named = base.or(self.config.base_url.as_deref());
        let Some(address) = named.or(has_key.then_some(OPENAI)) else {
            return Ok(None);
        };
        let model = match model.or(self.config.model.as_deref()) {
            Some(model) => model,
            None if named.is_some() => UNNAMED,
            None => return Ok(None),
        };
        let endpoint = Endpoint::parse(address, path)?;
        let key = own_key.or_else(|| self.server_key_for(&endpoint));
        Ok(Some(Choice {
            endpoint,
            key,
            model: model.to_owned(),
        }))
    }

    /// The server's key, if `endpoint` is at the server that it was given for.
    fn server_key_for(&self, endpoint: &Endpoint) -> Option<Secret> {
        let own = Endpoint::parse(self.config.base_url.as_deref().unwrap_or(OPENAI), None).ok()?;
        self.config.api_key.clone().filter(|_| own.same_server(endpoint))
    }

    /// Where the embeddings of the server at `base` are, the client for it, and the server's key if it is meant for it.
    pub(crate) fn embedding_endpoint(&self, base: &str) -> Result<(Endpoint, reqwest::Client, Option<Secret>), String> {
        let http = self.http.as_ref().map_err(Clone::clone)?;
        let endpoint = Endpoint::embeddings(base)?;
        let key = self.server_key_for(&endpoint);
        let client = http.client(endpoint.local).clone();
        Ok((endpoint, client, key))
    }

    fn client(&self, choice: Choice) -> Result<Arc<OpenAi>, String> {
        let http = self.http.as_ref().map_err(Clone::clone)?;
        let secret = choice.key.as_ref().map(Secret::expose);
        let key = ClientKey {
            url: choice.endpoint.url.to_string(),
            key: self.hasher.hash_one(secret),
            model: choice.model.clone(),
        };
        let mut clients = self.clients.lock();
        if let Some(client) = clients.get(&key).filter(|client| client.has_key(secret)) {
            return Ok(Arc::clone(client));
        }
        if clients.len() >= CLIENTS {
            clients.retain(|_, client| Arc::strong_count(client) > 1);
        }
        let shown = Arc::clone(&choice.endpoint.shown);
        let breaker = Arc::clone(
            self.breakers
                .lock()
                .entry(Arc::clone(&shown))
                .or_insert_with(|| Arc::new(Breaker::new(shown, self.config.rest))),
        );
        let client = http.client(choice.endpoint.local).clone();
        let client = Arc::new(OpenAi::new(
            choice.endpoint,
            choice.key,
            &choice.model,
            client,
            breaker,
            &self.config,
        ));
        clients.insert(key, Arc::clone(&client));
        Ok(client)
    }
}

impl Models for Directory {
    fn for_bot(&self, bot: &Bot) -> Option<Arc<dyn ChatModel>> {
        let settings = &bot.settings;
        match self
            .choose(settings)
            .and_then(|choice| choice.map(|choice| self.client(choice)).transpose())
        {
            Ok(Some(client)) => Some(Arc::new(BotModel {
                client,
                temperature: first(settings, "llm-temperature", "temperature"),
                max_tokens: first(settings, "llm-max-tokens", "max-tokens"),
                context_tokens: settings.parse("llm-context-window"),
            })),
            Ok(None) => None,
            Err(reason) => {
                tracing::warn!(bot.name = %bot.name, %reason, "the model of a bot is not set up");
                let name = settings.get("llm-model").unwrap_or(UNNAMED).to_owned();
                Some(Arc::new(Unusable { name, reason }))
            }
        }
    }
}

/// A setting that must be the thing itself and not a reference to where it is kept.
fn plain<'a>(settings: &'a Settings, name: &str) -> Result<Option<&'a str>, String> {
    match settings.get(name) {
        Some(value) if value.starts_with("vault:") => Err(format!(
            "{name} in config.csv is a vault reference and this server reads none: put the value itself there, \
             or leave the row out and give it to the server"
        )),
        value => Ok(value),
    }
}

fn first<T: std::str::FromStr>(settings: &Settings, name: &str, other: &str) -> Option<T> {
    settings.parse(name).or_else(|| settings.parse(other))
}

/// A client with what the settings of a bot say about its answers.
struct BotModel {
    client: Arc<OpenAi>,
    temperature: Option<f32>,
    max_tokens: Option<u32>,
    context_tokens: Option<u32>,
}

#[async_trait]
impl ChatModel for BotModel {
    fn name(&self) -> &str {
        self.client.model()
    }

    fn context_tokens(&self) -> Option<u32> {
        self.context_tokens
    }

    async fn stream(&self, mut request: ChatRequest, cancel: CancellationToken) -> Result<Deltas, ModelError> {
        request.temperature = request
            .temperature
            .or(self.temperature)
            .filter(|wanted| (0.0..=2.0).contains(wanted));
        request.max_tokens = request.max_tokens.or(self.max_tokens).filter(|wanted| *wanted > 0);
        self.client.ask(request, cancel).await
    }
}

/// Stands where the settings name a model that cannot be asked, and says why to whoever tries.
struct Unusable {
    name: String,
    reason: String,
}

#[async_trait]
impl ChatModel for Unusable {
    fn name(&self) -> &str {
        &self.name
    }

    fn context_tokens(&self) -> Option<u32> {
        None
    }

    async fn stream(&self, _: ChatRequest, _: CancellationToken) -> Result<Deltas, ModelError> {
        Err(ModelError::NotAsked {
            reason: self.reason.clone(),
        })
    }
}
