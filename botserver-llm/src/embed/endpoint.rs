//! Embedders of providers: OpenAI's `/v1/embeddings`, which nearly all of them and every local server speak.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use botlib::Secret;
use botstate::{
    embed::{Embedder, Side},
    model::{Answerer, ModelError, Price},
};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{endpoint::Endpoint, http::exchange};

/// Tries of one request.
const TRIES: u32 = 3;

/// An embedder at a provider.
pub(super) struct Remote {
    pub(super) id: String,
    pub(super) model: String,
    /// What the settings ask for.
    pub(super) dimensions: Option<usize>,
    /// What the model is known to have.
    pub(super) guess: usize,
    pub(super) batch: usize,
    pub(super) timeout: Duration,
    pub(super) key: Option<Secret>,
    pub(super) endpoint: Endpoint,
    pub(super) http: Client,
    /// The kind of the provider.
    pub(super) provider: &'static str,
    /// What its tokens cost, when known.
    pub(super) price: Option<Price>,
}

/// Numbers of a vector by what the name of a model tells.
pub(super) fn guess_dimensions(model: &str) -> usize {
    let model = model.to_lowercase();
    let known = [
        ("text-embedding-3-large", 3072),
        ("text-embedding", 1536),
        ("gemma", 2048),
        ("mistral", 1024),
        ("bge-m3", 1024),
        ("small", 384),
        ("mini", 384),
        ("base", 768),
        ("nomic", 768),
        ("large", 1024),
    ];
    let found = known.iter().find(|(part, _)| model.contains(part));
    found.map_or(384, |(_, dimensions)| *dimensions)
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a [String],
    encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<usize>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
    #[serde(default)]
    usage: Option<Counted>,
}

/// Tokens as the provider counted them.
#[derive(Deserialize)]
struct Counted {
    #[serde(default)]
    prompt_tokens: Option<u32>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    index: Option<usize>,
    embedding: Vec<f32>,
}

#[async_trait]
impl Embedder for Remote {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimensions(&self) -> usize {
        self.dimensions.unwrap_or(self.guess)
    }

    fn max_tokens(&self) -> usize {
        if self.guess <= 384 { 512 } else { 8192 }
    }

    async fn embed(&self, texts: &[String], side: Side) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(self.embed_counted(texts, side).await?.0)
    }

    fn provider(&self) -> Option<Answerer> {
        Some(Answerer {
            provider: self.provider.into(),
            model: self.model.as_str().into(),
            price: self.price,
        })
    }

    async fn embed_counted(&self, texts: &[String], _: Side) -> Result<(Vec<Vec<f32>>, Option<u32>), ModelError> {
        let mut vectors = Vec::with_capacity(texts.len());
        let mut all = Some(0_u32);
        for batch in texts.chunks(self.batch) {
            let (mut some, tokens) = self.ask_patiently(batch).await?;
            vectors.append(&mut some);
            all = all.zip(tokens).map(|(all, tokens)| all.saturating_add(tokens));
        }
        Ok((vectors, all))
    }
}

impl Remote {
    async fn ask_patiently(&self, texts: &[String]) -> Result<(Vec<Vec<f32>>, Option<u32>), ModelError> {
        let mut pause = Duration::from_millis(250);
        for _ in 1..TRIES {
            match self.ask(texts).await {
                Err(ModelError::Limited { retry_after, .. }) => {
                    sleep(retry_after.map_or(pause, |seconds| Duration::from_secs(seconds.min(20)))).await;
                }
                Err(ModelError::Unreachable { .. } | ModelError::Timeout { .. }) => sleep(pause).await,
                Err(ModelError::Refused { status, .. }) if status >= 500 => sleep(pause).await,
                other => return other,
            }
            pause *= 2;
        }
        self.ask(texts).await
    }

    async fn ask(&self, texts: &[String]) -> Result<(Vec<Vec<f32>>, Option<u32>), ModelError> {
        let mut request = self.http.post(self.endpoint.url.clone()).json(&Request {
            model: &self.model,
            input: texts,
            encoding_format: "float",
            dimensions: self.dimensions,
        });
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        let body = exchange(request, &self.endpoint, self.timeout).await?;
        self.read(&body, texts.len())
    }

    /// The vectors of an answer, in the order of the texts, each of length 1, and the tokens of the texts.
    fn read(&self, body: &[u8], count: usize) -> Result<(Vec<Vec<f32>>, Option<u32>), ModelError> {
        let garbled = |reason: String| ModelError::Garbled {
            url: self.endpoint.shown.to_string(),
            reason,
        };
        let answer: Answer = serde_json::from_slice(body).map_err(|error| garbled(error.to_string()))?;
        let tokens = answer.usage.and_then(|usage| usage.prompt_tokens);
        let mut items = answer.data;
        if items.len() != count {
            return Err(garbled(format!("{} vectors for {count} texts", items.len())));
        }
        if items.iter().all(|item| item.index.is_some()) {
            items.sort_by_key(|item| item.index);
        }
        let wanted = match (self.dimensions, items.first()) {
            (None, Some(first)) => first.embedding.len(),
            (wanted, _) => wanted.unwrap_or(self.guess),
        };
        let vectors: Result<_, _> = items
            .into_iter()
            .map(|item| {
                let mut vector = item.embedding;
                if vector.len() != wanted {
                    let found = vector.len();
                    return Err(garbled(format!(
                        "vectors of {found} numbers where {wanted} were asked for: mend embedding-dimensions"
                    )));
                }
                if !super::normalise(&mut vector) {
                    return Err(garbled("a vector without a length".to_owned()));
                }
                Ok(vector)
            })
            .collect();
        Ok((vectors?, tokens))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("id", &self.id).finish_non_exhaustive()
    }
}
