//! A reranker puts what was found in its order, and nothing is lost where it is away.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::post};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::support::House;

/// A server that speaks Text Embeddings Inference's protocol and prefers texts about tea.
#[derive(Clone, Default)]
struct Judge {
    asked: Arc<Mutex<Vec<Value>>>,
    is_away: Arc<Mutex<bool>>,
}

async fn answer(State(judge): State<Judge>, body: String) -> (StatusCode, String) {
    let body: Value = serde_json::from_str(&body).unwrap();
    judge.asked.lock().push(body.clone());
    if *judge.is_away.lock() {
        return (StatusCode::SERVICE_UNAVAILABLE, "away".to_owned());
    }
    let texts = body["texts"].as_array().unwrap();
    let mut list: Vec<(usize, f64)> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            (
                index,
                if text.as_str().unwrap().contains("tea") {
                    0.95
                } else {
                    0.2
                },
            )
        })
        .collect();
    list.sort_by(|a, b| b.1.total_cmp(&a.1));
    let list: Vec<Value> = list
        .into_iter()
        .map(|(index, score)| json!({ "index": index, "score": score }))
        .collect();
    (StatusCode::OK, json!(list).to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reranker_decides_among_the_best_and_the_search_where_it_is_away() {
    let judge = Judge::default();
    let router = Router::new().route("/rerank", post(answer)).with_state(judge.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the peer of a test ends with its runtime")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    let house = House::new();
    house.write("a.gbai/a.gbkb/drinks/water.md", "The kettle kettle kettle boils water.");
    house.write("a.gbai/a.gbkb/drinks/tea.md", "With a kettle one makes tea.");
    house.write(
        "a.gbai/a.gbkb/drinks/long.md",
        "Somewhere at the end of a much longer text about many other things there is a kettle as well.",
    );
    let server = house.open(&["a"]).await;
    server
        .settled("a", &["drinks/water.md", "drinks/tea.md", "drinks/long.md"])
        .await;
    let before = server.documents("a", &server.visitor(), "kettle").await;
    assert_eq!(before[0], "drinks/water.md", "{before:?}");
    assert_eq!(judge.asked.lock().len(), 0, "nobody asked for it");

    let settings = [("rag-reranker-enabled", "true"), ("rag-reranker-url", url.as_str())];
    server.set("a", &settings);
    let found = server.search("a", &server.visitor(), "kettle").await;

    let order: Vec<&str> = found.passages.iter().map(|one| one.source.document.as_str()).collect();
    assert_eq!(
        order,
        ["tea.md", "water.md", "long.md"],
        "equal ones stay in the order of the search"
    );
    assert!((found.passages[0].score - 0.95).abs() < 1e-6);
    {
        let asked = judge.asked.lock();
        assert_eq!(asked[0]["query"], "kettle");
        let texts = asked[0]["texts"].as_array().unwrap();
        assert!(
            texts.len() == 3 && texts[0].as_str().unwrap().contains("boils water"),
            "{texts:?}"
        );
    }

    // Only the best are looked at.
    let mut narrow = settings.to_vec();
    narrow.push(("rag-reranker-top-n", "1"));
    server.set("a", &narrow);
    assert_eq!(server.documents("a", &server.visitor(), "kettle").await, before);
    assert_eq!(judge.asked.lock().last().unwrap()["texts"].as_array().unwrap().len(), 1);

    *judge.is_away.lock() = true;
    server.set("a", &settings);
    assert_eq!(server.documents("a", &server.visitor(), "kettle").await, before);
    assert_eq!(judge.asked.lock().len(), 3);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reranker_sees_nothing_that_the_reader_may_not_read() {
    let judge = Judge::default();
    let router = Router::new().route("/rerank", post(answer)).with_state(judge.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the peer of a test ends with its runtime")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    let house = House::new();
    house.write(
        "a.gbai/a.gbkb/kb.permissions.yaml",
        "version: 1\nfolders:\n  hr: { access: group_based, groups: [hr] }\n",
    );
    house.write("a.gbai/a.gbkb/hr/pay.md", "CANARY: the pay of the kettle department.");
    house.write("a.gbai/a.gbkb/shop/one.md", "A kettle for tea.");
    house.write("a.gbai/a.gbkb/shop/two.md", "A kettle for coffee.");
    let server = house.open(&["a"]).await;
    server.settled("a", &["hr/pay.md", "shop/one.md", "shop/two.md"]).await;
    server.set("a", &[("rag-reranker-enabled", "true"), ("rag-reranker-url", &url)]);

    server.documents("a", &server.visitor(), "kettle pay").await;
    let seen = json!(*judge.asked.lock()).to_string();
    assert!(seen.contains("tea") && !seen.contains("CANARY"), "{seen}");

    server.documents("a", &server.member(&["hr"]), "kettle pay").await;
    let seen = json!(*judge.asked.lock()).to_string();
    assert!(seen.contains("CANARY"), "whoever may read it finds it: {seen}");
    server.close().await;
}
