//! The model is away, slow, wrong or cut off: people hear of it politely, and nothing is stuck.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use botserver_tests::client::{Chat, PATIENCE, Turn};
use botserver_tests::model::Model;
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup};

use super::watch;

const SORRY: &str = "I cannot answer right now. Please try again in a moment.";

struct Scene {
    model: Model,
    server: Server,
    _packages: Packages,
}

impl Scene {
    /// A server that waits for its model so many seconds; `url` leads elsewhere.
    async fn new(seconds: u32, url: Option<&str>) -> Self {
        let (model, packages) = (Model::start().await.unwrap(), Packages::new());
        packages.settings("talk", &[("public", "true")]);
        packages.script(
            "talk",
            "order",
            "HEAR item WITH \"What do you need?\"\nTALK \"One ${item}.\"",
        );
        let mut setup = Setup::new()
            .bots(packages.path())
            .model(&model)
            .env("BOTSERVER_LLM_FIRST_TOKEN_TIMEOUT", seconds.to_string());
        setup = setup.env("BOTSERVER_LLM_IDLE_TIMEOUT", seconds.to_string());
        if let Some(url) = url {
            setup = setup.env("OPENAI_BASE_URL", url);
        }
        let server = setup.start().await.unwrap();
        Self {
            model,
            server,
            _packages: packages,
        }
    }

    async fn chat(&self) -> Chat {
        Chat::start(&self.server.url(), "talk").await.unwrap().1
    }
}

/// A dialog goes on whatever the model does.
async fn assert_dialogs_work(chat: &mut Chat) {
    chat.run_tool("order", &serde_json::json!({})).await.unwrap();
    assert_eq!(chat.turn().await.unwrap().text(), "What do you need?");
    assert_eq!(chat.say("hammer").await.unwrap().text(), "One hammer.");
}

async fn timed(chat: &mut Chat, text: &str) -> Turn {
    let started = Instant::now();
    let turn = chat.say(text).await.unwrap_or_else(|error| panic!("{text}: {error:#}"));
    println!("{text:?} was answered after {:?}", started.elapsed());
    turn
}

/// An address where every connection is dropped, and how many there were.
fn nobody() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(connection);
        }
    });
    (url, count)
}

#[tokio::test]
async fn a_model_that_fails_is_told_politely_and_the_next_question_is_answered() {
    let scene = Scene::new(5, None).await;
    let mut chat = scene.chat().await;

    for failure in ["status=401", "status=429", "status=500", "ttft=30000", "hang"] {
        let failed = timed(&mut chat, &format!("mock:{failure}")).await;
        assert_eq!(failed.text(), SORRY, "{failure}");
        assert_dialogs_work(&mut chat).await;
        assert_eq!(chat.say("say:fine").await.unwrap().text(), "fine", "after {failure}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_kept_and_marked() {
    let scene = Scene::new(5, None).await;
    let mut chat = scene.chat().await;

    for failure in ["cut", "garbage"] {
        let turn = timed(&mut chat, &format!("say:this answer is never whole\nmock:{failure}")).await;

        let last = turn
            .frames
            .iter()
            .rfind(|frame| frame.is_complete && frame.stream_token.is_some());
        let stopped = last.and_then(|frame| frame.data.as_ref()?.get("stopped")?.as_bool());
        assert_eq!(stopped, Some(true), "{failure}: {turn:?}");
        assert!(
            "this answer is never whole".starts_with(&turn.text()) && !turn.text().is_empty(),
            "{failure}: {turn:?}"
        );
        assert_eq!(chat.say("say:fine").await.unwrap().text(), "fine", "after {failure}");
    }
}

#[tokio::test]
async fn a_model_out_of_reach_rests_and_the_health_page_says_so() {
    let (url, count) = nobody();
    let scene = Scene::new(60, Some(&url)).await;
    let mut chat = scene.chat().await;

    for question in 0..6 {
        assert_eq!(timed(&mut chat, &format!("question {question}")).await.text(), SORRY);
    }
    let asked = count.load(Ordering::SeqCst);
    assert_eq!(timed(&mut chat, "at once").await.text(), SORRY);

    assert!(asked >= 5, "{asked}");
    assert_eq!(count.load(Ordering::SeqCst), asked, "a resting model is not asked");
    watch::wait_ready(&scene.server, "model", (200, false)).await;
    assert_dialogs_work(&mut chat).await;
}

#[tokio::test]
async fn stop_ends_the_answer_at_the_provider() {
    let scene = Scene::new(60, None).await;
    let mut chat = scene.chat().await;

    let long = format!("say:{}\nmock:pause=150", "word after word ".repeat(100));
    for (number, question) in [long, "mock:hang".to_owned()].into_iter().enumerate() {
        chat.send_as(&format!("stopped-{number}"), &question).await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        while scene.model.requests().len() <= number * 2 {
            assert!(Instant::now() < deadline, "the model was not asked");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        let stopped = Instant::now();
        chat.stop().await.unwrap();
        scene.model.wait_cancelled(number + 1, PATIENCE).await.unwrap();
        println!("given up after {:?}", stopped.elapsed());

        chat.turn().await.unwrap();
        assert_eq!(chat.say("say:fine").await.unwrap().text(), "fine");
    }
}

#[tokio::test]
async fn a_turn_goes_on_when_its_person_leaves() {
    let scene = Scene::new(60, None).await;
    let (visitor, mut chat) = Chat::start(&scene.server.url(), "talk").await.unwrap();
    chat.send_as("question", "say:a whole answer, word for word\nmock:pause=50")
        .await
        .unwrap();
    while chat.next_frame().await.unwrap().offset.is_none() {}

    drop(chat);
    let mut again = visitor.resume(0).await.unwrap();
    let turn = again.turn().await.unwrap();

    assert_eq!(turn.text(), "a whole answer, word for word");
    assert_eq!(scene.model.cancelled(), 0);
}
