//! Ten thousand dialogs that wait for an answer cost no thread and little memory.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

use std::time::Duration;

use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup, http_client};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

const DIALOGS: u64 = 10_000;
/// Bytes that one may take, in memory and on the disk.
const EACH: u64 = 8 * 1024;
/// People who come at the same time.
const AT_ONCE: usize = 16;

/// A dialog with variables, waiting in a loop in a routine.
const ASK: &str = r#"
items = []
DO
  CALL ask("tea")
LOOP

SUB ask(what)
  FOR i = 1 TO 10
    HEAR answer AS TEXT WITH "How many of ${what} ${i}?"
    APPEND items, { what: what, answer: answer }
  NEXT
END SUB
"#;

/// Lets somebody come and answer once; their conversation and token.
async fn come(client: &reqwest::Client, url: &str) -> (String, String) {
    let who = read(client.get(format!("{url}/api/auth?bot_name=shop"))).await;
    let text = |name: &str| who[name].as_str().unwrap().to_owned();
    let (session, token) = (text("session_id"), text("token"));
    for content in ["Hello", "two"] {
        let turn = say(client, url, (&session, &token), content).await;
        assert!(turn.contains("How many of tea"), "{turn}");
    }
    (session, token)
}

async fn say(client: &reqwest::Client, url: &str, (session, token): (&str, &str), content: &str) -> String {
    let body = json!({ "content": content }).to_string();
    let request = client
        .post(format!("{url}/api/chat/{session}/messages"))
        .bearer_auth(token);
    read(request.header("content-type", "application/json").body(body))
        .await
        .to_string()
}

async fn read(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{status} {text}");
    serde_json::from_str(&text).unwrap()
}

/// Threads of the pool that reads the database, 16 by default, and a few that write: what the server itself reads and
/// writes each second (jobs, usage, the audit log) may keep those awake that the load began. It says nothing about ten
/// thousand dialogs, of which not one in four hundred may have one.
const POOL: u64 = 24;

/// Threads when those that read the database for the load have ended, as they do after ten idle seconds.
async fn threads_at_rest(server: &Server, expected: u64) -> u64 {
    for _ in 0..240 {
        if server.threads().unwrap() <= expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    server.threads().unwrap()
}

fn disk(server: &Server) -> u64 {
    let files = std::fs::read_dir(server.data()).unwrap().flatten();
    files
        .filter_map(|file| file.metadata().ok())
        .map(|file| file.len())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_waiting_dialogs_add_no_thread_and_little_memory_and_go_on_after_kill_9() {
    let packages = Packages::of_start("shop", ASK);
    let setup = ["RATE_PER_MINUTE", "RATE_BURST"]
        .iter()
        .fold(Setup::new(), |setup, name| {
            setup.env(&format!("BOTSERVER_{name}"), "10000000")
        });
    let mut server = setup.bots(packages.path()).start().await.unwrap();
    let (client, url) = (http_client().unwrap(), server.url());
    let warm = stream::iter(0..200)
        .map(|_| come(&client, &url))
        .buffer_unordered(AT_ONCE);
    let people: Vec<_> = warm.collect().await;
    let (threads, memory, space) = (server.threads().unwrap(), server.rss_bytes().unwrap(), disk(&server));

    let coming = stream::iter(0..DIALOGS)
        .map(|_| come(&client, &url))
        .buffer_unordered(AT_ONCE);
    let count = coming.count().await;

    let more_threads = threads_at_rest(&server, threads + POOL).await;
    let more_memory = server.rss_bytes().unwrap();
    let per_dialog = more_memory.saturating_sub(memory) / DIALOGS;
    let on_disk = disk(&server).saturating_sub(space) / DIALOGS;
    println!(
        "{count} waiting dialogs: {threads} to {more_threads} threads, {per_dialog} bytes of memory and {on_disk} bytes of disk each"
    );
    assert!(more_threads <= threads + POOL, "{threads} {more_threads}");
    assert!(per_dialog <= EACH, "{per_dialog}");
    server.kill().unwrap();
    server.restart().await.unwrap();
    let (session, token) = &people[0];
    let turn = say(&client, &url, (session, token), "three").await;
    assert!(turn.contains("How many of tea 3?"), "{turn}");
}
