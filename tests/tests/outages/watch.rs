//! Looking at a server from outside while something is wrong.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use botlib::wire::ServerFrame;
use botserver_tests::client::{Chat, Visitor};
use botserver_tests::process::{Server, http_client};
use serde_json::{Value, json};

/// The longest that a request may take while something is away; far longer than it takes, for busy machines.
pub(crate) const BOUND: Duration = Duration::from_mins(1);
/// The longest until all is well again.
pub(crate) const RECOVERY: Duration = Duration::from_mins(1);

/// Status and body of a path.
pub(crate) async fn get(server: &Server, path: &str) -> (u16, Value) {
    let client = http_client().unwrap();
    let answer = client
        .get(format!("{}{path}", server.url()))
        .timeout(BOUND)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

/// The status of `/health/ready`, and what it says of `dependency`.
async fn ready(server: &Server, dependency: &str) -> (u16, bool) {
    let (status, body) = get(server, "/health/ready").await;
    let found = body["dependencies"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["name"] == dependency));
    let ok = found.unwrap_or_else(|| panic!("{dependency} is not in {body}"))["ok"].as_bool();
    (status, ok.unwrap())
}

/// Waits until readiness says what is wanted.
pub(crate) async fn wait_ready(server: &Server, dependency: &str, wanted: (u16, bool)) {
    let deadline = Instant::now() + RECOVERY;
    loop {
        let now = ready(server, dependency).await;
        if now == wanted {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{dependency} is {now:?}, not {wanted:?}\n{}",
            server.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Liveness answers, whatever is away.
pub(crate) async fn assert_alive(server: &Server) {
    assert_eq!(get(server, "/health/live").await.0, 200);
}

/// Sends a message by REST: status, content type and body, and how long it took.
pub(crate) async fn post(visitor: &Visitor, id: &str, text: &str) -> (u16, String, Value, Duration) {
    let started = Instant::now();
    let url = format!("{}/api/chat/{}/messages", visitor.server, visitor.session_id);
    let body = json!({ "content": text, "message_id": id }).to_string();
    let client = http_client().unwrap();
    let request = client
        .post(url)
        .bearer_auth(&visitor.token)
        .header("content-type", "application/json")
        .body(body);
    let answer = request.timeout(BOUND).send().await.unwrap();
    let kind = answer
        .headers()
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let status = answer.status().as_u16();
    let body = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
    (status, kind, body, started.elapsed())
}

/// What becomes of a message: the end of its turn, or the error frame that refuses it.
pub(crate) async fn outcome(chat: &mut Chat, id: &str) -> anyhow::Result<ServerFrame> {
    let mut turn = None;
    loop {
        let frame = chat
            .next_frame()
            .await
            .with_context(|| format!("wait for what becomes of {id}"))?;
        let about = frame.data.as_ref().and_then(|data| data.get("message_id")?.as_str());
        match frame.kind.as_deref() {
            Some("error") if about == Some(id) => return Ok(frame),
            Some("user_message") if about == Some(id) => turn.clone_from(&frame.turn_id),
            Some("turn_completed") if turn.is_some() && frame.turn_id == turn => return Ok(frame),
            _ => {}
        }
    }
}

/// Sends a message again and again under the same id until its turn ends.
pub(crate) async fn insist(chat: &mut Chat, id: &str, text: &str) -> Duration {
    let started = Instant::now();
    loop {
        chat.send_as(id, text).await.unwrap();
        if outcome(chat, id).await.unwrap().kind.as_deref() == Some("turn_completed") {
            return started.elapsed();
        }
        assert!(started.elapsed() < RECOVERY, "{id} is still refused");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What people and bot said, as the log has it.
pub(crate) async fn said(visitor: &Visitor) -> Vec<String> {
    let url = format!("{}/api/chat/{}/events?limit=200", visitor.server, visitor.session_id);
    let client = http_client().unwrap();
    let started = Instant::now();
    // A connection that was cut a moment ago may be noticed only by the request that uses it.
    let answer = loop {
        let answer = client.get(&url).bearer_auth(&visitor.token).send().await.unwrap();
        if answer.status() != 503 || started.elapsed() > RECOVERY {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let page: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let entries = page["items"].as_array().unwrap_or_else(|| panic!("{page}")).iter();
    let said = entries.filter(|entry| entry["kind"].as_str().is_some_and(|kind| kind.ends_with("_message")));
    said.map(|entry| entry["payload"]["content"].as_str().unwrap_or("?").to_owned())
        .collect()
}
