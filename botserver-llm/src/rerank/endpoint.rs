//! Rerankers of providers and servers.
//!
//! Cohere (`/v2/rerank`), Jina (`/v1/rerank`), and vLLM and llama-server, which speak as Jina does, take the texts as
//! `documents` and answer `results` with `relevance_score`. Text Embeddings Inference (`/rerank`) takes them as `texts`,
//! has one model only, and answers a list with `score`.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use botlib::Secret;
use botstate::{model::ModelError, rerank::Reranker};
use reqwest::Client;
use serde::{Deserialize, Serialize};

use super::sigmoid;
use crate::{endpoint::Endpoint, http::exchange};

/// How a reranker is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Cohere,
    Jina,
    Tei,
}

impl Form {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "cohere" => Some(Self::Cohere),
            "jina" => Some(Self::Jina),
            "tei" => Some(Self::Tei),
            _ => None,
        }
    }

    /// What answers at an address: a server that is named no model has one only.
    pub(super) fn guess(url: &str, model: Option<&str>) -> Self {
        if url.contains("cohere") {
            Self::Cohere
        } else if model.is_some() || url.contains("jina") {
            Self::Jina
        } else {
            Self::Tei
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cohere => "cohere",
            Self::Jina => "jina",
            Self::Tei => "tei",
        }
    }

    /// The usual path.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Cohere => "v2/rerank",
            Self::Jina => "v1/rerank",
            Self::Tei => "rerank",
        }
    }
}

/// A reranker elsewhere.
pub(super) struct Remote {
    pub(super) id: String,
    pub(super) form: Form,
    pub(super) model: Option<String>,
    pub(super) top: usize,
    pub(super) timeout: Duration,
    pub(super) key: Option<Secret>,
    pub(super) endpoint: Endpoint,
    pub(super) http: Client,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Request<'a> {
    Documents {
        model: Option<&'a str>,
        query: &'a str,
        documents: &'a [String],
        top_n: usize,
        /// Jina sends the texts back unless it is told not to; Cohere does not know the field.
        #[serde(skip_serializing_if = "Option::is_none")]
        return_documents: Option<bool>,
    },
    Texts {
        query: &'a str,
        texts: &'a [String],
        /// Longer texts are an error otherwise.
        truncate: bool,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Results { results: Vec<Ranked> },
    List(Vec<Ranked>),
}

#[derive(Deserialize)]
struct Ranked {
    index: usize,
    #[serde(alias = "relevance_score")]
    score: f32,
}

#[async_trait]
impl Reranker for Remote {
    fn id(&self) -> &str {
        &self.id
    }

    fn top(&self) -> usize {
        self.top
    }

    async fn rerank(&self, question: &str, texts: &[String]) -> Result<Vec<f32>, ModelError> {
        let body = match self.form {
            Form::Tei => Request::Texts {
                query: question,
                texts,
                truncate: true,
            },
            form => Request::Documents {
                model: self.model.as_deref(),
                query: question,
                documents: texts,
                top_n: texts.len(),
                return_documents: (form == Form::Jina).then_some(false),
            },
        };
        let mut request = self.http.post(self.endpoint.url.clone()).json(&body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        let body = exchange(request, &self.endpoint, self.timeout).await?;
        read(&body, texts.len()).map_err(|reason| ModelError::Garbled {
            url: self.endpoint.shown.to_string(),
            reason,
        })
    }
}

/// The scores in the order of the texts, each 0 to 1.
fn read(body: &[u8], count: usize) -> Result<Vec<f32>, String> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let (Answer::Results { results } | Answer::List(results)) = answer;
    let mut scores = vec![None; count];
    for one in results {
        let place = scores
            .get_mut(one.index)
            .ok_or_else(|| format!("a score for text {} of {count}", one.index))?;
        if !one.score.is_finite() || place.replace(one.score).is_some() {
            return Err(format!(
                "the score of text {} is no number, or there are two",
                one.index
            ));
        }
    }
    let scores: Option<Vec<f32>> = scores.into_iter().collect();
    let mut scores = scores.ok_or_else(|| format!("fewer scores than the {count} texts"))?;
    // Some servers give what the network says and leave it at that.
    if scores.iter().any(|score| !(0.0..=1.0).contains(score)) {
        for score in &mut scores {
            *score = sigmoid(*score);
        }
    }
    Ok(scores)
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("id", &self.id).finish_non_exhaustive()
    }
}
