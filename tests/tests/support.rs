//! The support itself: servers that can be broken, and a model that breaks as asked.

use std::time::Duration;

use botserver_tests::model::{self, Model};
use botserver_tests::process::http_client;
use botserver_tests::servers::Postgres;
use serde_json::{Value, json};

#[test]
fn postgresql_keeps_what_was_committed_through_a_crash_and_a_pause() {
    let Some(mut server) = Postgres::own() else { return };
    server.run("CREATE TABLE kept (id int)").unwrap();
    server.run("INSERT INTO kept VALUES (1)").unwrap();

    server.kill().unwrap();
    let killed = server.run("SELECT 1");
    server.restart().unwrap();
    server.run("INSERT INTO kept VALUES (2)").unwrap();
    server.pause().unwrap();
    let paused = server.run("SELECT 1");
    server.resume().unwrap();

    assert!(killed.is_err() && paused.is_err(), "{killed:?} {paused:?}");
    assert_eq!(server.run("SELECT count(*) FROM kept").unwrap(), "2");
    assert_eq!(server.run("SHOW fsync").unwrap(), "on");
}

#[test]
fn each_test_has_a_database_of_its_own() {
    let Some(server) = Postgres::shared() else { return };

    let (one, two) = (server.database(), server.database());

    assert_ne!(one.url, two.url);
    for database in [&one, &two] {
        let name = database.url.rsplit('/').next().unwrap();
        let found = server
            .run(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"))
            .unwrap();
        assert_eq!(found, "1", "{name}");
    }
}

#[tokio::test]
async fn the_model_streams_text_calls_and_usage() {
    let model = Model::start().await.unwrap();

    let text = ask(&model, "say:Olá, wörld, how are you?").await.unwrap();
    let calls = ask(&model, "call:price{\"sku\": \"A\"}\ncall:stock").await.unwrap();

    let pieces: Vec<&str> = text
        .iter()
        .filter_map(|event| event.pointer("/choices/0/delta/content")?.as_str())
        .collect();
    assert_eq!(pieces.concat(), "Olá, wörld, how are you?");
    assert!(pieces.len() > 4, "{pieces:?}");
    assert!(text.last().unwrap()["usage"]["total_tokens"].as_u64().unwrap() > 0);
    let part = |event: &Value, path: &str| event.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let names: Vec<_> = calls
        .iter()
        .filter_map(|e| part(e, "/choices/0/delta/tool_calls/0/function/name"))
        .collect();
    let json: String = calls
        .iter()
        .filter_map(|e| part(e, "/choices/0/delta/tool_calls/0/function/arguments"))
        .collect();
    assert_eq!(
        (names.as_slice(), json.as_str()),
        (
            ["price".to_owned(), "stock".to_owned()].as_slice(),
            "{\"sku\": \"A\"}{}"
        )
    );
    assert_eq!(
        model.last_messages()[0]["content"],
        "call:price{\"sku\": \"A\"}\ncall:stock"
    );
    assert_eq!(model.cancelled(), 0);
}

#[tokio::test]
async fn the_model_breaks_as_asked_and_notices_who_leaves() {
    let model = Model::start().await.unwrap();

    let cut = ask(&model, "say:half of this\nmock:cut").await;
    let limited = ask(&model, "mock:status=429").await.unwrap_err();
    let before = model.requests().len();
    let asked = async {
        while model.requests().len() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let hanging = tokio::select! {
        answer = ask(&model, "mock:hang") => Some(answer),
        () = asked => None,
    };

    assert!(cut.is_err(), "{cut:?}");
    assert!(limited.to_string().contains("429"), "{limited}");
    assert!(hanging.is_none(), "{hanging:?}");
    model.wait_cancelled(1, Duration::from_mins(1)).await.unwrap();
}

/// The events of a streamed answer to one user message.
async fn ask(model: &Model, text: &str) -> anyhow::Result<Vec<Value>> {
    let body = json!({
        "model": model::NAME, "stream": true, "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": text }],
    });
    let request = http_client()?
        .post(format!("{}/chat/completions", model.url()))
        .body(body.to_string());
    let answer = request.send().await?.error_for_status()?.text().await?;
    let events = answer.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    Ok(events
        .filter(|event| *event != "[DONE]")
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?)
}
