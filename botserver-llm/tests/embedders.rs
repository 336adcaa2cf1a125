//! Embedders of providers, on the wire.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

use std::sync::Arc;

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use botlib::{BotId, OrgId};
use botserver_llm::{LlmConfig, service};
use botstate::{
    dialog::{Bot, Settings},
    embed::Side,
    model::ModelError,
};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// The key and the body of a request.
type Asked = (Option<String>, Value);

/// What a provider was asked, and how often it is to refuse first.
#[derive(Clone, Default)]
struct Provider {
    asked: Arc<Mutex<Vec<Asked>>>,
    refusals: Arc<Mutex<u32>>,
}

async fn answer(
    State(provider): State<Provider>,
    headers: HeaderMap,
    body: String,
) -> (axum::http::StatusCode, String) {
    let body: Value = serde_json::from_str(&body).unwrap();
    let key = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    let inputs = body["input"].as_array().unwrap().clone();
    provider.asked.lock().push((key, body));
    let mut refusals = provider.refusals.lock();
    if *refusals > 0 {
        *refusals -= 1;
        return (axum::http::StatusCode::SERVICE_UNAVAILABLE, "busy".to_owned());
    }
    // Not in the order of the texts, and not of length 1.
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .rev()
        .map(|(index, text)| json!({ "index": index, "embedding": [text.as_str().unwrap().len(), 0.0, 3.0] }))
        .collect();
    (axum::http::StatusCode::OK, json!({ "data": data }).to_string())
}

async fn provider() -> (Provider, String) {
    let provider = Provider::default();
    let router = Router::new()
        .route("/v1/embeddings", post(answer))
        .with_state(provider.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the peer of a test ends with its runtime")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    (provider, url)
}

fn bot(rows: &[(&str, &str)]) -> Bot {
    Bot {
        id: BotId::new(),
        org: OrgId::new(),
        name: "a".to_owned(),
        version: String::new(),
        settings: Settings::new(
            rows.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        ),
        prompt: None,
        tools: Vec::new(),
        scripts: Vec::new(),
        triggers: Vec::new(),
        start_wants_message: false,
        chooses_collections: false,
        prompts: Vec::new(),
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn vectors_come_in_the_order_of_their_texts_in_batches_after_a_retry() {
    let (provider, url) = provider().await;
    *provider.refusals.lock() = 1;
    let bot = bot(&[
        ("embedding-url", &url),
        ("embedding-model", "small-one"),
        ("embedding-key", "k1"),
        ("embedding-batch-size", "2"),
    ]);
    let embedder = service(LlmConfig::default(), None).embedders().for_bot(&bot);

    let vectors = embedder
        .embed(&texts(&["a", "four", "xx"]), Side::Passage)
        .await
        .unwrap();

    assert!(
        vectors
            .iter()
            .all(|vector| (vector.iter().map(|n| n * n).sum::<f32>() - 1.0).abs() < 1e-6)
    );
    assert!(
        vectors[0][0] < vectors[2][0] && vectors[2][0] < vectors[1][0],
        "{vectors:?}"
    );
    let asked = provider.asked.lock();
    assert_eq!(asked.len(), 3, "one was refused");
    assert!(
        asked
            .iter()
            .all(|(key, body)| key.as_deref() == Some("Bearer k1") && body["model"] == "small-one")
    );
    assert_eq!(embedder.id(), format!("small-one@{url}/v1/embeddings"));
}

#[tokio::test]
async fn the_servers_key_goes_to_its_own_server_only() {
    let (provider, url) = provider().await;
    let config = LlmConfig {
        base_url: Some("https://models.example".to_owned()),
        api_key: Some(botlib::Secret::new("server-key")),
        ..LlmConfig::default()
    };
    let bot = bot(&[("embedding-url", &url), ("embedding-model", "m")]);

    service(config, None)
        .embedders()
        .for_bot(&bot)
        .embed(&texts(&["a"]), Side::Query)
        .await
        .unwrap();

    assert_eq!(provider.asked.lock()[0].0, None);
}

#[tokio::test]
async fn wrong_settings_and_answers_are_told() {
    let (_, url) = provider().await;
    let embedders = service(LlmConfig::default(), None).embedders();

    let wide = bot(&[
        ("embedding-url", &url),
        ("embedding-model", "m"),
        ("embedding-dimensions", "384"),
    ]);
    let error = embedders
        .for_bot(&wide)
        .embed(&texts(&["a"]), Side::Query)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ModelError::Garbled { reason, .. } if reason.contains("3 numbers where 384")),
        "{error}"
    );

    let nameless = bot(&[("embedding-url", &url)]);
    let error = embedders
        .for_bot(&nameless)
        .embed(&texts(&["a"]), Side::Query)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("embedding-model"), "{error}");
}

#[tokio::test]
async fn without_settings_there_is_always_an_embedder() {
    let embedders = service(LlmConfig::default(), None).embedders();

    let embedder = embedders.for_bot(&bot(&[]));

    assert_eq!((embedder.id(), embedder.dimensions()), ("hash-v1", 1024));
    assert_eq!(embedders.find(&bot(&[]), "hash-v1").unwrap().id(), "hash-v1");
    assert!(embedders.find(&bot(&[]), "other").is_none());
    let vectors = embedder.embed(&texts(&["word", "words"]), Side::Query).await.unwrap();
    let near: f32 = vectors[0].iter().zip(&vectors[1]).map(|(a, b)| a * b).sum();
    assert!(near > 0.6, "{near}");
}
