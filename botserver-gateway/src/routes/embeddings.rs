//! `/v1/embeddings`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use botserver_core::{Auth, Json, RequestContext};
use botstate::{embed::Side, model::ModelError};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{error::Refusal, service::Gateway};

/// Texts of a request at most.
const TEXTS: usize = 2048;

/// What a client of embeddings asks.
#[derive(Deserialize, ToSchema)]
pub(super) struct Embed {
    /// The bot whose embedder is asked.
    model: String,
    /// A text, or several.
    input: Input,
    /// `float` or `base64`.
    #[serde(default)]
    #[schema(required = false)]
    encoding_format: Option<Encoding>,
    /// Numbers of a vector; those of the embedder.
    #[serde(default, deserialize_with = "crate::whole::whole")]
    #[schema(required = false, minimum = 1, maximum = 1_000_000)]
    dimensions: Option<usize>,
}

/// What is embedded.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = EmbeddingInput)]
enum Input {
    /// One text.
    One(String),
    /// Several texts.
    Several(Vec<String>),
}

/// How vectors are written.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = EmbeddingEncoding)]
enum Encoding {
    /// Numbers.
    Float,
    /// Base64 of 32-bit numbers, the low byte first.
    Base64,
}

/// Turns texts into vectors with the bot's embedder.
#[utoipa::path(post, path = "/v1/embeddings", request_body = Embed, responses(
    (status = 200, description = "The vectors", body = serde_json::Value),
    (status = 400, description = "Something that is not understood", body = serde_json::Value),
    (status = 401, description = "No key", body = serde_json::Value),
    (status = 404, description = "No such bot for this caller", body = serde_json::Value),
    (status = 429, description = "Too many requests, or a budget is spent", body = serde_json::Value),
    (status = 501, description = "This server was built without embedders", body = serde_json::Value),
    (status = 502, description = "The embedder did not answer", body = serde_json::Value),
    (status = "default", description = "Any other failure", body = serde_json::Value),
))]
pub(super) async fn create_embeddings(
    State(gateway): State<Gateway>,
    Auth(caller): Auth,
    context: RequestContext,
    Json(asked): Json<Embed>,
) -> Result<Response, Refusal> {
    let (caller, bot) = gateway.enter(caller, &asked.model, &context).await?;
    let texts = match asked.input {
        Input::One(text) => vec![text],
        Input::Several(texts) => texts,
    };
    if texts.is_empty() || texts.len() > TEXTS || texts.iter().any(String::is_empty) {
        return Err(Refusal::invalid(
            "input",
            format!("must be 1 to {TEXTS} texts, none of them empty"),
        ));
    }
    let embedders = gateway.embedders.as_ref();
    let embedder = embedders
        .ok_or_else(|| Refusal::not_built_in("embedders"))?
        .for_caller(&bot, &caller);
    if asked.dimensions.is_some_and(|wanted| wanted != embedder.dimensions()) {
        let has = embedder.dimensions();
        return Err(Refusal::unsupported(
            "dimensions",
            format!("vectors of this bot have {has} numbers"),
        ));
    }
    let embedded = embedder.embed_counted(&texts, Side::Passage).await;
    let (vectors, counted) = embedded.map_err(|error| match error {
        ModelError::Exhausted { .. } => Refusal::exhausted(&error),
        error => {
            tracing::warn!(%error, "an embedder did not answer");
            Refusal::from(botlib::Problem::new(502, "embed/failed", "The embedder did not answer"))
        }
    })?;
    let is_packed = asked.encoding_format == Some(Encoding::Base64);
    let data: Vec<Value> = vectors
        .into_iter()
        .enumerate()
        .map(|(index, vector)| {
            let embedding = if is_packed { packed(&vector) } else { json!(vector) };
            json!({ "object": "embedding", "index": index, "embedding": embedding })
        })
        .collect();
    // Embedders of this process do not count; four letters are about a token.
    let estimated = || texts.iter().map(|text| text.chars().count().div_ceil(4)).sum();
    let tokens: usize = counted.map_or_else(estimated, |tokens| usize::try_from(tokens).unwrap_or(usize::MAX));
    let document = json!({
        "object": "list",
        "data": data,
        "model": bot.name,
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
    });
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind)], document.to_string()).into_response())
}

fn packed(vector: &[f32]) -> Value {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    STANDARD.encode(bytes).into()
}
