//! The audit log across kill -9: whatever was acknowledged is in it, and the chain has no gap.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

use std::{collections::BTreeSet, time::Duration};

use botserver_tests::{
    api::{self, PASSWORD},
    process::{Server, Setup, http_client, run},
    servers::Postgres,
};
use serde_json::{Value, json};

/// How often the server is killed.
const ROUNDS: u64 = 6;
/// Signing in at once.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_never_leaves_a_gap_on_sqlite() {
    let server = Setup::new().start().await.unwrap();
    let url = format!("sqlite:{}", server.data().join("botserver.db").display());
    survive(server, &url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_never_leaves_a_gap_on_postgresql() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.database();
    let server = Setup::new().env("DATABASE_URL", &database.url).start().await.unwrap();
    survive(server, &database.url).await;
}

async fn survive(mut server: Server, database: &str) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let claimed = api::claim(&server).await.unwrap();
    let email = claimed["person"]["email"].as_str().unwrap().to_owned();
    for round in 0..ROUNDS {
        let (client, url) = (http_client().unwrap(), format!("{}/api/auth/login", server.url()));
        let (noted, mut notes) = tokio::sync::mpsc::unbounded_channel();
        let mut signing = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let (client, url, noted) = (client.clone(), url.clone(), noted.clone());
            let body = json!({ "email": email, "password": PASSWORD }).to_string();
            signing.spawn(async move {
                loop {
                    let request = client.post(&url).header("content-type", "application/json");
                    let Ok(answer) = request.body(body.clone()).send().await else {
                        return;
                    };
                    if answer.status() != 200 {
                        // Tries are limited; the next round begins anew.
                        return;
                    }
                    let request = answer.headers()["x-request-id"].to_str().unwrap();
                    noted.send(request.to_owned()).unwrap();
                }
            });
        }
        // At least one sign-in is acknowledged in each round, and others are under way.
        let first = tokio::time::timeout(Duration::from_mins(1), notes.recv()).await;
        known.insert(first.expect("somebody signs in").unwrap());
        tokio::time::sleep(Duration::from_millis(round * 37 % 150)).await;
        server.kill().unwrap();
        signing.join_all().await;
        drop(noted);
        while let Some(request) = notes.recv().await {
            known.insert(request);
        }
        // What is sealed holds; what is not waits for the next start.
        audit(&server, database, &["verify"]).await;
        server.restart().await.unwrap();
    }
    // A clean stop seals what waits.
    server.terminate(Duration::from_mins(1)).unwrap();

    let log = audit(&server, database, &["export"]).await;
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let noted: BTreeSet<String> = entries
        .iter()
        .filter(|entry| entry["action"] == "auth.sign-in" && entry["outcome"] == "done")
        .filter_map(|entry| entry["request"].as_str().map(str::to_owned))
        .collect();
    let lost: Vec<_> = known.difference(&noted).collect();
    assert!(
        lost.is_empty(),
        "{} of {} are not on record: {lost:?}",
        lost.len(),
        known.len()
    );
    let seqs: Vec<_> = entries.iter().filter_map(|entry| entry["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
}

/// What `botserver audit` prints over the same database.
async fn audit(server: &Server, database: &str, arguments: &[&str]) -> String {
    let data = server.data().display().to_string();
    let arguments: Vec<&str> = ["audit"].iter().chain(arguments).copied().collect();
    let env = [("BOTSERVER_DATA_DIR", data.as_str()), ("DATABASE_URL", database)];
    let output = run(server.folder(), &arguments, &env).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}
