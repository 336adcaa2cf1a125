//! What the API gives and takes, and how indexing goes on after interruptions.

use serde_json::json;

use crate::support::houses;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_come_and_go_by_the_api() {
    for house in houses() {
        std::fs::create_dir_all(house.path("a.gbai")).unwrap();
        let server = house.open(&["a"]).await;

        let made = server
            .call(
                "POST",
                "/api/kb/a/collections",
                "operator",
                json!({ "name": "notes" }).to_string(),
            )
            .await;
        assert_eq!((made.status, &made.json()["name"]), (201, &"notes".into()));
        let again = server
            .call(
                "POST",
                "/api/kb/a/collections",
                "operator",
                json!({ "name": "Notes" }).to_string(),
            )
            .await;
        assert_eq!(again.status, 409, "{}", again.text);

        let path = "/api/kb/a/collections/notes/documents?path=plans/2026.md";
        let sent = server
            .call("POST", path, "operator", "# Plans\n\nThe move to Lisbon is in autumn.")
            .await;
        assert_eq!(
            (sent.status, &sent.json()["state"]),
            (202, &"waiting".into()),
            "{}",
            sent.text
        );
        server.settled("a", &["notes/plans/2026.md"]).await;
        assert_eq!(
            server.documents("a", &server.visitor(), "move to Lisbon").await,
            ["notes/plans/2026.md"]
        );

        let id = sent.json()["id"].as_str().unwrap().to_owned();
        let shown = server
            .call("GET", &format!("/api/kb/a/documents/{id}"), "member", "")
            .await
            .json();
        assert_eq!(
            (&shown["state"], &shown["passages"], &shown["title"]),
            (&"ready".into(), &1.into(), &"Plans".into())
        );
        server
            .call("POST", path, "operator", "# Plans\n\nThe move to Porto is in winter.")
            .await;
        server
            .until("the new version", async || {
                !server.documents("a", &server.visitor(), "Porto").await.is_empty()
            })
            .await;
        assert_eq!(server.documents("a", &server.visitor(), "Lisbon").await, [""; 0]);

        let gone = server
            .call("DELETE", &format!("/api/kb/a/documents/{id}"), "operator", "")
            .await;
        assert_eq!(gone.status, 204);
        assert_eq!(
            server.documents("a", &server.visitor(), "Porto").await,
            [""; 0],
            "at once"
        );
        assert_eq!(
            server
                .call("GET", &format!("/api/kb/a/documents/{id}"), "operator", "")
                .await
                .status,
            404
        );
        let gone = server
            .call("DELETE", "/api/kb/a/collections/notes", "operator", "")
            .await;
        assert_eq!(gone.status, 204, "{}", gone.text);
        assert_eq!(server.states("a").await, []);
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_said() {
    for house in houses() {
        house.write("a.gbai/a.gbkb/docs/a.md", "Of the package.");
        let server = house.open(&["a"]).await;
        server.settled("a", &["docs/a.md"]).await;
        let list = server
            .call("GET", "/api/kb/a/collections/docs/documents", "admin", "")
            .await
            .json();
        let id = list["items"][0]["id"].as_str().unwrap().to_owned();
        let document = format!("/api/kb/a/documents/{id}");

        for (method, path, who, body, status) in [
            ("GET", "/api/kb/nobody/collections", "member", "", 404),
            ("POST", "/api/kb/a/collections", "member", r#"{"name":"x"}"#, 403),
            ("POST", "/api/kb/a/collections", "admin", r#"{"name":"a/b"}"#, 422),
            ("DELETE", "/api/kb/a/collections/docs", "admin", "", 409),
            ("DELETE", "/api/kb/a/collections/none", "admin", "", 404),
            ("DELETE", document.as_str(), "admin", "", 409),
            ("DELETE", document.as_str(), "member", "", 403),
            (
                "POST",
                "/api/kb/a/collections/docs/documents?path=a.md",
                "admin",
                "mine",
                409,
            ),
            (
                "POST",
                "/api/kb/a/collections/docs/documents?path=../x.md",
                "admin",
                "mine",
                422,
            ),
            (
                "POST",
                "/api/kb/a/collections/docs/documents?path=x.md",
                "admin",
                "",
                422,
            ),
            ("POST", "/api/kb/search", "member", r#"{"bot":"a","query":" "}"#, 422),
            (
                "POST",
                "/api/kb/search",
                "member",
                r#"{"bot":"a","query":"x","limit":99}"#,
                422,
            ),
            ("GET", "/api/kb/a/progress", "member", "", 403),
        ] {
            let answer = server.call(method, path, who, body).await;
            let is_invalid = status == 422 && answer.status == 400;
            assert!(
                answer.status == status || is_invalid,
                "{method} {path}: {} {}",
                answer.status,
                answer.text
            );
        }
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_documents_are_indexed_across_restarts() {
    for house in houses() {
        for number in 0..120 {
            house.write(
                &format!("a.gbai/a.gbkb/docs/{number:03}.md"),
                &format!("The number of this one is n{number}x."),
            );
        }
        // Servers that stop in the middle, as often as it takes.
        for _ in 0..3 {
            let server = house.open(&["a"]).await;
            server
                .until("some documents", async || !server.states("a").await.is_empty())
                .await;
            server.close().await;
        }
        let server = house.open(&["a"]).await;
        server
            .until("every document", async || {
                let states = server.states("a").await;
                states.len() == 120 && states.iter().all(|(_, state)| state == "ready")
            })
            .await;

        for number in [0, 57, 119] {
            let found = server.documents("a", &server.visitor(), &format!("n{number}x")).await;
            assert_eq!(found, [format!("docs/{number:03}.md")]);
        }
        let statistics = server.call("GET", "/api/kb/a/statistics", "member", "").await.json();
        let docs = &statistics["collections"][0];
        assert_eq!(
            (&docs["documents"], &docs["passages"], &docs["vectors"]),
            (&120.into(), &120.into(), &120.into())
        );
        assert_eq!(docs["embedder"], "hash-v1");
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passages_stay_within_what_they_may_cost_and_do_not_repeat() {
    for house in houses() {
        let long: Vec<String> = (0..400)
            .map(|number| format!("Sentence {number} is about the lighthouse of the island and its keeper."))
            .collect();
        let long = long.join(" ");
        house.write("a.gbai/a.gbkb/docs/long.md", &format!("# Island\n\n{long}"));
        house.write("a.gbai/a.gbkb/docs/one.md", "The lighthouse keeper is called Vera.");
        house.write("a.gbai/a.gbkb/docs/two.md", "The lighthouse  keeper is called VERA.");
        let server = house.open(&["a"]).await;
        server
            .settled("a", &["docs/long.md", "docs/one.md", "docs/two.md"])
            .await;

        for tokens in [60, 500, 2_000] {
            let query = botstate::knowledge::Query {
                text: "lighthouse keeper Vera".to_owned(),
                bot: server.bot("a"),
                collections: vec!["docs".to_owned()],
                reader: server.visitor(),
                limit: 5,
                tokens,
            };
            let found = botstate::knowledge::Knowledge::search(&server.knowledge, &query)
                .await
                .unwrap();

            let spent: usize = found.passages.iter().map(|passage| passage.tokens).sum();
            assert!(
                spent <= tokens && !found.passages.is_empty() && found.passages.len() <= 5,
                "{spent} of {tokens}"
            );
            let vera = found
                .passages
                .iter()
                .filter(|passage| passage.text.to_lowercase().contains("vera"));
            assert_eq!(vera.count(), 1, "the same words in two documents are one passage");
        }
        server.close().await;
    }
}
