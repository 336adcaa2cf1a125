//! Rerankers of providers, on the wire.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use botlib::{BotId, OrgId};
use botserver_llm::{LlmConfig, service};
use botstate::{
    dialog::{Bot, Settings},
    model::ModelError,
    rerank::Reranker,
};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// The path, the key and the body of a request.
type Asked = (String, Option<String>, Value);

/// What a server was asked, and what it answers.
#[derive(Clone, Default)]
struct Peer {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Mutex<(u16, Value)>>,
    is_silent: Arc<Mutex<bool>>,
}

async fn answer(State(peer): State<Peer>, uri: Uri, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let key = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    let body = serde_json::from_str(&body).unwrap();
    peer.asked.lock().push((uri.path().to_owned(), key, body));
    let is_silent = *peer.is_silent.lock();
    if is_silent {
        std::future::pending::<()>().await;
    }
    let (status, body) = peer.answer.lock().clone();
    (StatusCode::from_u16(status).unwrap(), body.to_string())
}

async fn peer(status: u16, body: Value) -> (Peer, String) {
    let peer = Peer::default();
    *peer.answer.lock() = (status, body);
    let router = Router::new().fallback(answer).with_state(peer.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the peer of a test ends with its runtime")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    (peer, url)
}

fn reranker(rows: &[(&str, &str)]) -> Option<Arc<dyn Reranker>> {
    let on = [("rag-reranker-enabled", "true")];
    let bot = Bot {
        id: BotId::new(),
        org: OrgId::new(),
        name: "a".to_owned(),
        version: String::new(),
        settings: Settings::new(
            on.iter()
                .chain(rows)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        ),
        prompt: None,
        prompts: Vec::new(),
        tools: Vec::new(),
        scripts: Vec::new(),
        triggers: Vec::new(),
        start_wants_message: false,
        chooses_collections: false,
    };
    service(LlmConfig::default(), None).rerankers().for_bot(&bot)
}

fn passages() -> Vec<String> {
    ["the cat", "the dog", "the house"].map(str::to_owned).to_vec()
}

/// An answer as Cohere and Jina give it: the best first.
fn results() -> Value {
    json!({ "id": "1", "results": [
        { "index": 2, "relevance_score": 0.9 },
        { "index": 0, "relevance_score": 0.4 },
        { "index": 1, "relevance_score": 0.1 },
    ], "meta": { "api_version": { "version": "2" } } })
}

#[tokio::test]
async fn each_kind_of_server_is_spoken_to_as_it_expects() {
    let documents = json!(["the cat", "the dog", "the house"]);
    for (api, path, expected, answer) in [
        (
            "cohere",
            "/v2/rerank",
            json!({ "model": "m", "query": "who?", "documents": documents, "top_n": 3 }),
            results(),
        ),
        (
            "jina",
            "/v1/rerank",
            json!({ "model": "m", "query": "who?", "documents": documents, "top_n": 3, "return_documents": false }),
            results(),
        ),
        (
            "tei",
            "/rerank",
            json!({ "query": "who?", "texts": documents, "truncate": true }),
            json!([{ "index": 2, "score": 0.9 }, { "index": 0, "score": 0.4 }, { "index": 1, "score": 0.1 }]),
        ),
    ] {
        let (peer, url) = peer(200, answer).await;
        let rows = [
            ("rag-reranker-url", url.as_str()),
            ("rag-reranker-model", "m"),
            ("rag-reranker-api", api),
            ("rag-reranker-key", "k"),
            ("rag-reranker-top-n", "7"),
        ];
        let reranker = reranker(&rows).unwrap();

        let scores = reranker.rerank("who?", &passages()).await.unwrap();

        assert_eq!(scores, [0.4, 0.1, 0.9], "{api}");
        assert_eq!(reranker.top(), 7);
        let asked = peer.asked.lock();
        assert_eq!(*asked, [(path.to_owned(), Some("Bearer k".to_owned()), expected)]);
    }
}

#[tokio::test]
async fn a_server_without_a_models_name_has_one_model() {
    let raw = json!([{ "index": 0, "score": -4.0 }, { "index": 1, "score": 6.5 }, { "index": 2, "score": 0.0 }]);
    let (peer, url) = peer(200, raw).await;

    let scores = reranker(&[("rag-reranker-url", &url)])
        .unwrap()
        .rerank("who?", &passages())
        .await
        .unwrap();

    assert_eq!(peer.asked.lock()[0].0, "/rerank");
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)), "{scores:?}");
    assert!(scores[1] > scores[2] && scores[2] > scores[0], "{scores:?}");
}

#[tokio::test]
async fn wrong_answers_and_silence_are_told() {
    for (status, body, expected) in [
        (
            200,
            json!({ "results": [{ "index": 0, "relevance_score": 0.5 }] }),
            "fewer scores",
        ),
        (200, json!([{ "index": 9, "score": 0.5 }]), "text 9 of 3"),
        (200, json!({ "data": [] }), "cannot be read"),
        (401, json!({}), "refused the key"),
        (429, json!({}), "slow down"),
        (500, json!({ "error": "no memory" }), "no memory"),
    ] {
        let (_, url) = peer(status, body).await;
        let rows = [("rag-reranker-url", url.as_str()), ("rag-reranker-model", "m")];

        let error = reranker(&rows).unwrap().rerank("who?", &passages()).await.unwrap_err();

        assert!(error.to_string().contains(expected), "{error}");
    }
    let (peer, url) = peer(200, results()).await;
    *peer.is_silent.lock() = true;
    let rows = [
        ("rag-reranker-url", url.as_str()),
        ("rag-reranker-model", "m"),
        ("rag-reranker-timeout", "1"),
    ];
    let error = reranker(&rows).unwrap().rerank("who?", &passages()).await.unwrap_err();
    assert!(matches!(error, ModelError::Timeout { seconds: 1, .. }), "{error}");
}

#[tokio::test]
async fn nothing_is_reranked_unless_it_is_wanted_and_mistakes_are_told() {
    assert!(reranker(&[("rag-reranker-enabled", "false"), ("rag-reranker-url", "http://x")]).is_none());
    for (rows, expected) in [
        (vec![], "name rag-reranker-url"),
        (vec![("rag-reranker-model", "judge")], "not in models_dir"),
        (
            vec![("rag-reranker-url", "https://api.jina.ai")],
            "needs rag-reranker-model",
        ),
        (
            vec![("rag-reranker-url", "http://x"), ("rag-reranker-api", "other")],
            "cohere, jina or tei",
        ),
    ] {
        let error = reranker(&rows).unwrap().rerank("who?", &passages()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
