//! Collections remember what made their vectors, and change over without a gap.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::post};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::support::houses;

/// A provider that knows that a feline is a cat, and may be away.
#[derive(Clone, Default)]
struct Provider {
    is_away: Arc<Mutex<bool>>,
}

async fn answer(State(provider): State<Provider>, body: String) -> (StatusCode, String) {
    if *provider.is_away.lock() {
        return (StatusCode::BAD_REQUEST, "away".to_owned());
    }
    let body: Value = serde_json::from_str(&body).unwrap();
    let data: Vec<Value> = body["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| {
            let text = text.as_str().unwrap().to_lowercase();
            let near = |words: [&str; 2]| f32::from(u8::from(words.iter().any(|word| text.contains(word))));
            json!({ "embedding": [near(["cat", "feline"]), near(["dog", "hound"]), 0.1] })
        })
        .collect();
    (StatusCode::OK, json!({ "data": data }).to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_embedder_takes_over_when_all_its_vectors_are_there() {
    for house in houses() {
        let provider = Provider::default();
        let router = Router::new()
            .route("/v1/embeddings", post(answer))
            .with_state(provider.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        #[expect(clippy::disallowed_methods, reason = "the peer of a test ends with its runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        house.write("a.gbai/a.gbkb/pets/cats.md", "Every cat sleeps most of the day.");
        house.write("a.gbai/a.gbkb/pets/dogs.md", "Every dog likes to run in the woods.");
        let server = house.open(&["a"]).await;
        server.settled("a", &["pets/cats.md", "pets/dogs.md"]).await;
        let embedder = async || {
            let list = server.call("GET", "/api/kb/a/collections", "admin", "").await.json();
            list["items"][0]["embedder"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(embedder().await, "hash-v1");
        assert_eq!(
            server.documents("a", &server.visitor(), "feline").await,
            [""; 0],
            "no word is alike"
        );

        *provider.is_away.lock() = true;
        server.set("a", &[("embedding-url", &url), ("embedding-model", "pets")]);
        server.call("POST", "/api/kb/a/index", "admin", "").await;
        assert_eq!(
            server.documents("a", &server.visitor(), "cat").await,
            ["pets/cats.md"],
            "the old one answers"
        );
        assert_eq!(embedder().await, "hash-v1");

        *provider.is_away.lock() = false;
        server
            .until("the change", async || {
                server.call("POST", "/api/kb/a/index", "admin", "").await;
                embedder().await.starts_with("pets@")
            })
            .await;
        assert_eq!(
            server.documents("a", &server.visitor(), "feline").await[0],
            "pets/cats.md"
        );
        assert_eq!(
            server.documents("a", &server.visitor(), "hound").await[0],
            "pets/dogs.md"
        );

        *provider.is_away.lock() = true;
        let found = server.documents("a", &server.visitor(), "sleeps most of the day").await;
        assert_eq!(
            found,
            ["pets/cats.md"],
            "without its embedder a collection is searched by its words"
        );
        server.close().await;
    }
}
