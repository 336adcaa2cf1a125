//! Each effect of a dialog happens once, wherever a kill -9 falls: rows, transcript, and what outside services saw.
//!
//! `BOTSERVER_CRASH_ROUNDS` sets how many times the dialog is cut off, 20 when absent.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap};
use botserver_tests::client::{Chat, Visitor};
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup, http_client};
use botserver_tests::servers::Postgres;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// Steps of the dialog, each with a row, a call outside, a memory and a message.
const STEPS: usize = 4;

/// How long the peer takes to answer, so that kills fall before, in and after its calls.
const PEER: Duration = Duration::from_millis(8);

const WORK: &str = r#"
PARAM run AS STRING
FOR i = 1 TO 4
  INSERT "log", #{ run: run, step: i }
  answer = POST "PEER", #{ run: run, step: i }
  SET BOT MEMORY run, i
  UPDATE "totals", "run=" + run, #{ run: run, steps: i }
  TALK "step ${i} ${answer.data.charged}"
NEXT
SAVE "totals", run, #{ run: run, steps: 4 }
TALK "done ${run}"
"#;

const LOOK: &str = r#"
PARAM run AS STRING
FOR EACH row IN FIND "log", "run=" + run
  TALK "row ${row.step}"
NEXT
TALK "memory " + GET BOT MEMORY run
FOR EACH total IN FIND "totals", "run=" + run
  TALK "total ${total.steps}"
NEXT
"#;

/// What the peer was asked, by run and step: the idempotency keys.
type Charges = Arc<Mutex<BTreeMap<(String, u64), Vec<String>>>>;

/// A service that charges once for each idempotency key.
async fn peer() -> (Charges, String) {
    let charges = Charges::default();
    let router = Router::new()
        .fallback(
            async |State(charges): State<Charges>, headers: HeaderMap, body: Bytes| {
                let asked: Value = serde_json::from_slice(&body).unwrap();
                let key = headers["idempotency-key"].to_str().unwrap().to_owned();
                let step = (
                    asked["run"].as_str().unwrap().to_owned(),
                    asked["step"].as_u64().unwrap(),
                );
                charges.lock().entry(step).or_default().push(key);
                tokio::time::sleep(PEER).await;
                axum::Json(json!({ "charged": asked["step"] }))
            },
        )
        .with_state(Arc::clone(&charges));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/charge", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the peer ends with the test's runtime")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    (charges, url)
}

fn rounds() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test reads the environment of its run, not configuration"
    )]
    let wanted = std::env::var("BOTSERVER_CRASH_ROUNDS");
    wanted.map_or(20, |wanted| wanted.parse().expect("BOTSERVER_CRASH_ROUNDS is a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_effect_of_a_dialog_happens_once_on_sqlite() {
    cut_dialogs_off(Setup::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_effect_of_a_dialog_happens_once_on_postgresql() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.database();
    cut_dialogs_off(Setup::new().env("DATABASE_URL", &database.url)).await;
}

async fn cut_dialogs_off(setup: Setup) {
    let (charges, url) = peer().await;
    let packages = Packages::new();
    packages.script("shop", "work", &WORK.replace("PEER", &url));
    packages.script("shop", "look", LOOK);
    let mut server = setup
        .bots(packages.path())
        .env("BOTSERVER_ALLOW_PRIVATE", "127.0.0.0/8")
        .start()
        .await
        .unwrap();
    let (mut cut, rounds) = (0, rounds());
    for round in 0..rounds {
        let run = format!("run{round}");
        let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
        ask(&mut chat, &run).await;
        // From before the first step until after the last one.
        tokio::time::sleep(Duration::from_millis(round * 120 / rounds)).await;
        let was_over = said(&who)
            .await
            .is_some_and(|said| said.contains(&format!("done {run}")));
        server.kill().unwrap();
        server.restart().await.unwrap();
        cut += u32::from(!was_over);

        let who = who.at(&server.url());
        let transcript = finished(&who, &mut server, &run).await;
        check(&server, &charges, &run, &transcript).await;
    }
    println!("{rounds} rounds, {cut} of which were cut off before their end");
    assert!(cut > 0, "no kill came in time");
}

/// What was said once the dialog is over. A tool that was killed before it was committed was never acknowledged: it is
/// asked for again.
async fn finished(who: &Visitor, server: &mut Server, run: &str) -> Vec<String> {
    // A minute: other tests may take the machine for themselves for a while.
    for attempt in 0..1200 {
        match said(who).await {
            Some(said) if said.contains(&format!("done {run}")) => return said,
            Some(said) if said.is_empty() && attempt % 50 == 10 => again(who, run).await,
            None if attempt % 50 == 10 => again(who, run).await,
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = server.log();
    panic!("{run} was never finished: {:?}\n{log}", said(who).await);
}

async fn again(who: &Visitor, run: &str) {
    let mut chat = who.connect().await.unwrap();
    ask(&mut chat, run).await;
}

/// Asks for the work of `run`, each time under the same id: asked for twice it is done once.
async fn ask(chat: &mut Chat, run: &str) {
    let frame = json!({ "message_type": 6, "content": "work", "params": { "run": run }, "message_id": run });
    chat.send_json(&frame).await.unwrap();
}

async fn check(server: &Server, charges: &Charges, run: &str, transcript: &[String]) {
    let mut expected: Vec<String> = (1..=STEPS).map(|step| format!("step {step} {step}")).collect();
    expected.push(format!("done {run}"));
    assert_eq!(transcript, expected, "{run}\n{}", server.log());
    for step in 1..=STEPS {
        let keys = charges.lock()[&(run.to_owned(), step as u64)].clone();
        let distinct: BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), 1, "{run} charged for step {step} under {keys:?}");
    }
    let (_, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.run_tool("look", &json!({ "run": run })).await.unwrap();
    let turn = chat.turn().await.unwrap();
    let mut rows: Vec<String> = (1..=STEPS).map(|step| format!("row {step}")).collect();
    rows.push(format!("memory {STEPS}"));
    rows.push(format!("total {STEPS}"));
    assert_eq!(turn.texts(), rows, "{run}\n{}", server.log());
}

/// What the bot said according to the log; none when there is no conversation.
async fn said(who: &Visitor) -> Option<Vec<String>> {
    let request = http_client()
        .unwrap()
        .get(format!("{}/api/chat/{}/events?limit=200", who.server, who.session_id))
        .bearer_auth(&who.token);
    let answer = request.send().await.ok()?;
    let page: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
    let items = page["items"].as_array()?.iter();
    let said = items.filter(|item| item["kind"] == "bot_message");
    Some(
        said.filter_map(|item| item["payload"]["content"].as_str().map(str::to_owned))
            .collect(),
    )
}
