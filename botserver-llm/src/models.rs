//! Which models answer for a bot.

mod choice;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use async_trait::async_trait;
use botlib::{BotId, Secret};
use botstate::{
    dialog::{Bot, Fault, FaultKind, Settings},
    model::{ChatModel, ChatRequest, Deltas, Goal, ModelError, ModelFacts, Models, Price},
    shared::RateLimit,
};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use self::choice::{Choice, DEFAULT, UNNAMED, aliases, first, plain};
use crate::{
    breaker::{Breaker, BreakerReport},
    catalogue::Catalogue,
    client::{Client, hex},
    endpoint::Endpoint,
    http::Http,
    local::Locals,
    provider::Kind,
    route::{Candidate, Route},
    service::LlmConfig,
    spend::{Allowance, Limits, quota},
};

/// Words of USE MODEL for which a row `model-WORD` names a model.
const WORDS: [&str; 3] = ["fast", "quality", "code"];

/// Clients kept at most; those that nobody uses go first.
const CLIENTS: usize = 256;

/// Finds models by the settings of bots and the configuration of the server.
pub(crate) struct Directory {
    config: LlmConfig,
    rates: Option<Arc<dyn RateLimit>>,
    catalogue: Catalogue,
    http: Result<Http, String>,
    breakers: Mutex<HashMap<Arc<str>, Arc<Breaker>>>,
    clients: Mutex<HashMap<ClientKey, Arc<Client>>>,
    hasher: RandomState,
    /// The models of this process.
    pub(crate) locals: Locals,
}

/// What tells clients apart. The key of the provider is there as a hash, so that it is kept in one place only.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ClientKey {
    kind: Kind,
    url: String,
    key: u64,
    model: String,
}

impl Directory {
    /// A directory that has not made any client yet.
    pub(crate) fn new(config: LlmConfig, rates: Option<Arc<dyn RateLimit>>) -> Self {
        if config.base_url.is_none() && config.api_key.is_some() && config.model.is_none() && config.models.is_empty() {
            tracing::warn!(
                "there is a key for a model but no name of one: name it to let bots without llm-model answer"
            );
        }
        let catalogue = Catalogue::new(config.catalogue.as_deref()).or_else(|reason| {
            tracing::error!(%reason, "the table of models is left out");
            Catalogue::new(None)
        });
        Self {
            http: Http::new(config.connect_timeout),
            // The server's own table is read by the tests, so that there is nothing left to fail.
            catalogue: catalogue.unwrap_or_default(),
            locals: Locals::new(config.models_dir.clone(), config.model_threads),
            config,
            rates,
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

    /// The models of a bot in the order of its settings; nothing when neither they nor the configuration name one.
    fn route(&self, bot: &Bot) -> Result<Option<Route>, String> {
        let settings = &bot.settings;
        let mut candidates = Vec::new();
        for alias in aliases(settings, &self.config) {
            if let Some(choice) = Choice::make(settings, &alias, &self.config)? {
                candidates.push(self.candidate(bot.id, settings, &alias, choice)?);
            }
        }
        let goal = goal(settings)?;
        let mut candidates = candidates.into_iter();
        Ok(candidates
            .next()
            .map(|first| Route::new(first, candidates.collect(), goal)))
    }

    fn candidate(&self, bot: BotId, settings: &Settings, alias: &str, choice: Choice) -> Result<Candidate, String> {
        let mut facts = self.catalogue.facts(choice.kind, &choice.model);
        facts.context_tokens = own(settings, "llm-context-window", alias).or(facts.context_tokens);
        let (input, output) = (
            own(settings, "llm-price-input", alias),
            own(settings, "llm-price-output", alias),
        );
        if let (Some(input), Some(output)) = (input, output) {
            facts.price = Some(Price {
                input,
                output,
                cached: own(settings, "llm-price-cached", alias),
            });
        }
        let limits = Limits::new(self.rates.clone(), self.allowances(bot, settings, alias, &choice)?);
        Ok(Candidate {
            client: self.client(choice, facts.output_tokens)?,
            facts,
            temperature: first(settings, ["llm-temperature", "temperature"], alias),
            max_tokens: first(settings, ["llm-max-tokens", "max-tokens"], alias),
            limits,
        })
    }

    /// What the bot may spend at the provider, and what everybody together may with the server's key.
    fn allowances(
        &self,
        bot: BotId,
        settings: &Settings,
        alias: &str,
        choice: &Choice,
    ) -> Result<Vec<Allowance>, String> {
        let limit = |name: &str| {
            let Some(text) = choice::setting(settings, name, alias)?.or(settings.get(name)) else {
                return Ok(None);
            };
            let read = quota(text).ok_or(format!("{name} in config.csv must be a number such as 20 or 1000/h"));
            read.map(Some)
        };
        let (requests, tokens) = (limit("llm-rate-limit")?, limit("llm-tpm-limit")?);
        let mut allowances = Vec::new();
        if requests.is_some() || tokens.is_some() {
            // Bots that share a key share its limits.
            let who = match &choice.key {
                Some(key) if choice.has_own_key => digest(key.expose()),
                _ => bot.to_string(),
            };
            allowances.push(Allowance {
                key: format!("{who}:{}", choice.endpoint.shown),
                requests,
                tokens,
            });
        }
        let (requests, tokens) = (self.config.requests_per_minute, self.config.tokens_per_minute);
        if !choice.has_own_key && (requests.is_some() || tokens.is_some()) {
            let quota = |count: Option<u32>| count.and_then(|count| quota(&count.to_string()));
            allowances.push(Allowance {
                key: format!("server:{}", choice.endpoint.shown),
                requests: quota(requests),
                tokens: quota(tokens),
            });
        }
        Ok(allowances)
    }

    /// What a model's tokens cost, when known.
    pub(crate) fn price(&self, kind: Kind, model: &str) -> Option<Price> {
        self.catalogue.facts(kind, model).price
    }

    /// Where the embeddings of the server at `base` are, the client for it, and the server's key if it is meant for it.
    pub(crate) fn embedding_endpoint(&self, base: &str) -> Result<(Endpoint, reqwest::Client, Option<Secret>), String> {
        let http = self.http.as_ref().map_err(Clone::clone)?;
        let endpoint = Endpoint::embeddings(base)?;
        let key = choice::server_key(&self.config, &endpoint);
        let client = http.client(endpoint.local).clone();
        Ok((endpoint, client, key))
    }

    /// Where the reranker at `base` is, the client for it, and the server's key if it is meant for it.
    pub(crate) fn rerank_endpoint(
        &self,
        base: &str,
        usual: &str,
    ) -> Result<(Endpoint, reqwest::Client, Option<Secret>), String> {
        let http = self.http.as_ref().map_err(Clone::clone)?;
        let endpoint = Endpoint::reranks(base, usual)?;
        let key = choice::server_key(&self.config, &endpoint);
        let client = http.client(endpoint.local).clone();
        Ok((endpoint, client, key))
    }

    /// The embedder of bots that name none.
    pub(crate) fn usual_embedder(&self) -> Option<&str> {
        self.config.embedding_model.as_deref()
    }

    fn client(&self, choice: Choice, longest: Option<u32>) -> Result<Arc<Client>, String> {
        let http = self.http.as_ref().map_err(Clone::clone)?;
        let secret = choice.key.as_ref().map(Secret::expose);
        let key = ClientKey {
            kind: choice.kind,
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
        let http = http.client(choice.endpoint.local).clone();
        let protocol = choice.kind.protocol(choice.key, &choice.endpoint.url, longest, &http)?;
        let client = Arc::new(Client::new(
            protocol,
            choice.kind.name(),
            choice.endpoint,
            &choice.model,
            http,
            breaker,
            &self.config,
        ));
        clients.insert(key, Arc::clone(&client));
        Ok(client)
    }
}

impl Models for Directory {
    fn for_bot(&self, bot: &Bot) -> Option<Arc<dyn ChatModel>> {
        match self.route(bot) {
            Ok(route) => route.map(|route| Arc::new(route) as Arc<dyn ChatModel>),
            Err(reason) => {
                tracing::warn!(bot.name = %bot.name, %reason, "the model of a bot is not set up");
                let name = bot.settings.get("llm-model").unwrap_or(UNNAMED).to_owned();
                Some(Arc::new(Unusable { name, reason }))
            }
        }
    }

    fn names(&self, bot: &Bot) -> Vec<String> {
        let mut names = aliases(&bot.settings, &self.config);
        let words = WORDS
            .iter()
            .filter(|word| bot.settings.get(&format!("model-{word}")).is_some());
        for word in words {
            if !names.iter().any(|name| name.eq_ignore_ascii_case(word)) {
                names.push((*word).to_owned());
            }
        }
        names
    }

    fn chosen(&self, bot: &Bot, name: &str) -> Result<Arc<dyn ChatModel>, Fault> {
        let unusable = |reason: String| {
            Fault::new(
                FaultKind::Argument,
                format!("the model {name} cannot be asked: {reason}"),
            )
        };
        let (settings, listed) = (&bot.settings, aliases(&bot.settings, &self.config));
        let meant = self.meant(bot, name, &listed).map_err(unusable)?;
        let Some((first, goal)) = meant else {
            let known = self.names(bot).join(", ");
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("the bot {} has no model {name:?}", bot.name),
            )
            .hint(format!("it has {known}; name more in the row llm-models of config.csv")));
        };
        let rest = listed.iter().filter(|alias| Some(*alias) != first.as_ref());
        let mut candidates = Vec::new();
        for alias in first.iter().chain(rest) {
            if let Some(choice) = Choice::make(settings, alias, &self.config).map_err(unusable)? {
                candidates.push(self.candidate(bot.id, settings, alias, choice).map_err(unusable)?);
            }
        }
        let mut candidates = candidates.into_iter();
        let Some(first) = candidates.next() else {
            return Err(unusable("neither the bot nor the server says where it is".to_owned()));
        };
        Ok(Arc::new(Route::new(first, candidates.collect(), goal)))
    }
}

/// An alias, or what matters in the choice.
type Meant = (Option<String>, Option<Goal>);

impl Directory {
    /// The alias that a word of USE MODEL means, or what matters instead where the settings name none for it; nothing
    /// for a word that they do not allow.
    fn meant(&self, bot: &Bot, name: &str, listed: &[String]) -> Result<Option<Meant>, String> {
        let settings = &bot.settings;
        if WORDS.contains(&name)
            && let Some(alias) = plain(settings, &format!("model-{name}"))?
        {
            return Ok(Some((Some(alias.to_owned()), None)));
        }
        for alias in listed {
            let choice = Choice::make(settings, alias, &self.config)?;
            let is_it = choice.is_some_and(|choice| choice.model.eq_ignore_ascii_case(name));
            if alias.eq_ignore_ascii_case(name) || is_it {
                return Ok(Some((Some(alias.clone()), None)));
            }
        }
        Ok(match name {
            "fast" => Some((None, Some(Goal::Speed))),
            "quality" => Some((None, Some(Goal::Quality))),
            _ => None,
        })
    }
}

/// A setting of one model; those without an alias are the default one's.
fn own<T: std::str::FromStr>(settings: &Settings, name: &str, alias: &str) -> Option<T> {
    if alias == DEFAULT {
        return settings
            .parse(&format!("{name}.{alias}"))
            .or_else(|| settings.parse(name));
    }
    settings.parse(&format!("{name}.{alias}"))
}

fn goal(settings: &Settings) -> Result<Option<Goal>, String> {
    let Some(strategy) = plain(settings, "model-routing-strategy")? else {
        return Ok(None);
    };
    match strategy.to_ascii_lowercase().as_str() {
        "manual" | "auto" | "fallback" => Ok(None),
        "cost" => Ok(Some(Goal::Cost)),
        "speed" => Ok(Some(Goal::Speed)),
        "quality" => Ok(Some(Goal::Quality)),
        _ => Err(format!(
            "model-routing-strategy in config.csv is {strategy:?}: it can be manual, cost, speed or quality"
        )),
    }
}

/// A name for a key that does not tell it, the same on every node.
fn digest(key: &str) -> String {
    hex(Sha256::digest(key.as_bytes()).get(..8).unwrap_or_default())
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

    fn facts(&self) -> ModelFacts {
        ModelFacts::default()
    }

    async fn stream(&self, _: ChatRequest, _: CancellationToken) -> Result<Deltas, ModelError> {
        Err(ModelError::NotAsked {
            reason: self.reason.clone(),
        })
    }
}
