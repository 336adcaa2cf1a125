//! Collections with vectors of a model that runs in the process.

use botserver_tests::encoder::{Encoder, Kind};

use crate::support::houses;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collections_get_new_vectors_when_the_model_or_its_folder_changes() {
    for house in houses() {
        let models = house.models();
        Encoder::new(Kind::Bert, false, 1)
            .write(&models.join("tiny"), "mean_tokens")
            .unwrap();
        house.write("a.gbai/a.gbkb/pets/cats.md", "The cat sleeps in the house.");
        house.write("a.gbai/a.gbkb/pets/dogs.md", "The dog runs in a house.");
        let server = house.open(&["a"]).await;
        server.settled("a", &["pets/cats.md", "pets/dogs.md"]).await;
        let state = async || {
            let list = server.call("GET", "/api/kb/a/collections", "admin", "").await.json();
            let figures = server.call("GET", "/api/kb/a/statistics", "admin", "").await.json();
            (
                list["items"][0]["embedder"].as_str().unwrap_or_default().to_owned(),
                figures["collections"][0]["vectors"].as_i64().unwrap_or_default(),
            )
        };
        assert_eq!(state().await, ("hash-v1".to_owned(), 2));
        let changed = async |from: &str| {
            server
                .until("other vectors", async || {
                    server.call("POST", "/api/kb/a/index", "admin", "").await;
                    let (embedder, vectors) = state().await;
                    embedder.starts_with("tiny@") && embedder != from && vectors == 2
                })
                .await;
            state().await.0
        };

        server.set("a", &[("embedding-model", "tiny"), ("bm25-enabled", "false")]);
        let first = changed("hash-v1").await;
        let found = server
            .documents("a", &server.visitor(), "the cat sleeps in the house")
            .await;
        assert_eq!(found.len(), 2, "its vectors are searched: {found:?}");

        // The same name with other weights is another embedder.
        Encoder::new(Kind::Bert, false, 2)
            .write(&models.join("tiny"), "mean_tokens")
            .unwrap();
        let second = changed(&first).await;
        assert_ne!(first, second);
        assert_eq!(server.documents("a", &server.visitor(), "where ?").await.len(), 2);
        server.close().await;
    }
}
