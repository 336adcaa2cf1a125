//! Rerankers: which one a bot has.

mod endpoint;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botstate::{
    dialog::{Bot, Settings},
    model::ModelError,
    rerank::{Reranker, Rerankers},
};

use self::endpoint::{Form, Remote};
use crate::models::Directory;

/// The best of a search that are looked at unless the settings say otherwise.
const TOP: usize = 20;

/// Seconds that a reranker may take unless the settings say otherwise: longer than that nobody waits for a better order.
const PATIENCE: u64 = 5;

/// Brings any number to 0..1 in the same order.
pub(crate) fn sigmoid(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

impl Rerankers for Directory {
    fn for_bot(&self, bot: &Bot) -> Option<Arc<dyn Reranker>> {
        match self.reranker(&bot.settings) {
            Ok(reranker) => reranker,
            Err(reason) => {
                tracing::warn!(bot.name = %bot.name, %reason, "the reranker of a bot is not set up");
                Some(Arc::new(Unusable(reason)))
            }
        }
    }
}

impl Directory {
    /// The reranker that the settings name.
    fn reranker(&self, settings: &Settings) -> Result<Option<Arc<dyn Reranker>>, String> {
        let is_on = settings
            .flag("rag-reranker-enabled")
            .or_else(|| settings.flag("rag-rerank-enabled"));
        if is_on != Some(true) {
            return Ok(None);
        }
        let top = settings.parse("rag-reranker-top-n").unwrap_or(TOP).clamp(1, 100);
        let model = settings.get("rag-reranker-model");
        let Some(url) = settings.get("rag-reranker-url") else {
            let Some(model) = model else {
                return Err("rag-reranker-enabled is on: name rag-reranker-url, rag-reranker-model or both".to_owned());
            };
            let found = self.locals.reranker(model, top)?;
            return found.map(Some).ok_or_else(|| {
                format!("rag-reranker-model names {model}, which is not in models_dir: put it there, or name rag-reranker-url")
            });
        };
        let form = match settings.get("rag-reranker-api") {
            None => Form::guess(url, model),
            Some(name) => Form::named(name)
                .ok_or_else(|| format!("rag-reranker-api in config.csv is {name:?}: it can be cohere, jina or tei"))?,
        };
        if model.is_none() && form != Form::Tei {
            return Err("rag-reranker-url needs rag-reranker-model beside it".to_owned());
        }
        let (endpoint, http, server_key) = self.rerank_endpoint(url, form.path())?;
        let own_key = settings.get("rag-reranker-key").map(botlib::Secret::new);
        let timeout = settings.parse("rag-reranker-timeout").unwrap_or(PATIENCE).clamp(1, 60);
        Ok(Some(Arc::new(Remote {
            id: format!("{}@{}", model.unwrap_or(form.name()), endpoint.shown),
            form,
            model: model.map(str::to_owned),
            top,
            timeout: Duration::from_secs(timeout),
            key: own_key.or(server_key),
            endpoint,
            http,
        })))
    }
}

/// Stands where the settings name a reranker that cannot be asked, and says why to whoever tries.
struct Unusable(String);

#[async_trait]
impl Reranker for Unusable {
    fn id(&self) -> &'static str {
        "unusable"
    }

    fn top(&self) -> usize {
        1
    }

    async fn rerank(&self, _: &str, _: &[String]) -> Result<Vec<f32>, ModelError> {
        Err(ModelError::NotAsked { reason: self.0.clone() })
    }
}
