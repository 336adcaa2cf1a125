//! Embedders: which one a bot has, and those that are always there.

mod endpoint;
mod hash;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botstate::{
    dialog::{Bot, Settings},
    embed::{Embedder, Embedders, Side},
    model::{ModelError, Price},
};

use self::{endpoint::Remote, hash::HashV1};
use crate::{local, models::Directory, provider::Kind};

/// What `embedding-model` says for the embedder that needs no model.
const HASH: &str = hash::ID;

/// Gives a vector the length 1; false when it has none to begin with.
pub(crate) fn normalise(vector: &mut [f32]) -> bool {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if !length.is_normal() {
        return false;
    }
    for number in vector {
        *number /= length;
    }
    true
}

impl Embedders for Directory {
    fn for_bot(&self, bot: &Bot) -> Arc<dyn Embedder> {
        self.embedder(&bot.settings).unwrap_or_else(|reason| {
            tracing::warn!(bot.name = %bot.name, %reason, "the embedder of a bot is not set up");
            Arc::new(Unusable(reason))
        })
    }

    fn find(&self, bot: &Bot, id: &str) -> Option<Arc<dyn Embedder>> {
        if id == HASH {
            return Some(Arc::new(HashV1));
        }
        let now = Embedders::for_bot(self, bot);
        if now.id() == id {
            return Some(now);
        }
        // A model of this process answers as long as its folder is there, whatever the settings name now.
        let (name, _) = id.split_once('@')?;
        let local = self.locals.embedder(name).ok()??;
        (local.id() == id).then_some(local)
    }
}

impl Directory {
    /// The embedder that the settings name, else the server's.
    fn embedder(&self, settings: &Settings) -> Result<Arc<dyn Embedder>, String> {
        let model = settings.get("embedding-model");
        if let Some(url) = settings.get("embedding-url") {
            return Ok(Arc::new(self.remote(settings, url, model)?));
        }
        match model.or(self.usual_embedder()) {
            None | Some(HASH) => Ok(Arc::new(HashV1)),
            Some(model) => self.locals.embedder(model)?.ok_or_else(|| {
                let elsewhere =
                    format!("embedding-model names {model} and embedding-url is missing: name the server that has it");
                if local::IS_BUILT_IN {
                    format!("{elsewhere}, or put the model into models_dir")
                } else {
                    elsewhere
                }
            }),
        }
    }

    /// A provider's embedder.
    fn remote(&self, settings: &Settings, url: &str, model: Option<&str>) -> Result<Remote, String> {
        let Some(model) = model else {
            return Err("embedding-url needs embedding-model beside it".to_owned());
        };
        let kind = Kind::at(url);
        let price = settings.parse("embedding-price").map(|input| Price {
            input,
            output: 0.0,
            cached: None,
        });
        let own_key = settings.get("embedding-key").map(botlib::Secret::new);
        let (endpoint, http, server_key) = self.embedding_endpoint(url)?;
        Ok(Remote {
            id: match settings.get("embedding-dimensions") {
                Some(dimensions) => format!("{model}@{}#{dimensions}", endpoint.shown),
                None => format!("{model}@{}", endpoint.shown),
            },
            dimensions: settings.parse("embedding-dimensions"),
            guess: endpoint::guess_dimensions(model),
            batch: settings
                .parse("embedding-batch-size")
                .unwrap_or(16_usize)
                .clamp(1, 2048),
            timeout: Duration::from_secs(settings.parse("embedding-timeout").unwrap_or(60_u64).clamp(1, 600)),
            model: model.to_owned(),
            key: own_key.or(server_key),
            provider: kind.name(),
            price: price.or(self.price(kind, model)),
            endpoint,
            http,
        })
    }
}

/// Stands where the settings name an embedder that cannot be asked, and says why to whoever tries.
struct Unusable(String);

#[async_trait]
impl Embedder for Unusable {
    fn id(&self) -> &'static str {
        "unusable"
    }

    fn dimensions(&self) -> usize {
        0
    }

    fn max_tokens(&self) -> usize {
        0
    }

    async fn embed(&self, _: &[String], _: Side) -> Result<Vec<Vec<f32>>, ModelError> {
        Err(ModelError::NotAsked { reason: self.0.clone() })
    }
}
