//! The server is told to stop while it works.

use std::time::{Duration, Instant};

use botserver_tests::client::Chat;
use botserver_tests::model::Model;
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup};

use super::watch;

/// The longest that anything takes on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

fn packages() -> Packages {
    let packages = Packages::new();
    packages.settings("talk", &[("public", "true")]);
    packages
}

/// Sends a question and waits until the model was asked.
async fn ask(chat: &mut Chat, model: &Model, question: &str) {
    chat.send_as("question", question).await.unwrap();
    let deadline = Instant::now() + LIMIT;
    while model.requests().is_empty() {
        assert!(Instant::now() < deadline, "the model was not asked");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Tells the server to stop, on a thread of its own; its exit code and how long it took.
fn stop(server: &mut Server, within: Duration) -> (Option<i32>, Duration) {
    let started = Instant::now();
    let status = tokio::task::block_in_place(|| server.terminate(within)).unwrap();
    (status.code(), started.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_turn_is_finished_before_the_server_stops() {
    let (model, packages) = (Model::start().await.unwrap(), packages());
    let setup = Setup::new().model(&model).bots(packages.path());
    let setup = setup.env("BOTSERVER_DRAIN_TIMEOUT", "60");
    let mut server = setup.start().await.unwrap();
    let (visitor, mut chat) = Chat::start(&server.url(), "talk").await.unwrap();
    ask(&mut chat, &model, "say:a whole answer, word for word\nmock:pause=200").await;

    let stopping = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop(&mut server, LIMIT * 2)
    };
    let (close, (code, took)) = tokio::join!(chat.closed(LIMIT * 2), stopping);
    server.restart().await.unwrap();

    let close = close.unwrap().expect("a close frame says why");
    assert!([1001, 1012].contains(&u16::from(close.code)), "{close:?}");
    assert_eq!(code, Some(0), "{}", server.log());
    println!("stopped after {took:?}");
    let said = watch::said(&visitor).await;
    assert_eq!(
        said.get(1..),
        Some(&["a whole answer, word for word".to_owned()][..]),
        "{said:?}"
    );
    assert_eq!(model.requests().len(), 1, "nothing was left to be done again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_takes_too_long_is_finished_after_the_restart() {
    let (model, packages) = (Model::start().await.unwrap(), packages());
    let setup = Setup::new()
        .model(&model)
        .bots(packages.path())
        .env("BOTSERVER_DRAIN_TIMEOUT", "1");
    let mut server = setup.start().await.unwrap();
    let (visitor, mut chat) = Chat::start(&server.url(), "talk").await.unwrap();
    ask(&mut chat, &model, "say:late but whole\nmock:ttft=12000").await;

    let (_, took) = stop(&mut server, LIMIT);
    println!("stopped after {took:?}");
    server.restart().await.unwrap();
    let deadline = Instant::now() + LIMIT * 2;
    while watch::said(&visitor).await.len() < 2 {
        assert!(Instant::now() < deadline, "the turn was not finished\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    assert_eq!(
        watch::said(&visitor).await.get(1..),
        Some(&["late but whole".to_owned()][..])
    );
    assert_eq!(
        model.requests().len(),
        2,
        "the server did not wait for the first answer"
    );
}
