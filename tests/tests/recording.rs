//! Recorded conversations: written out of the server's log, and played back in the terminal, byte for byte.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use axum::Router;
use botserver_tests::{
    client::{Chat, Visitor},
    model::Model,
    packages::Packages,
    process::{self, Server, Setup},
};
use parking_lot::Mutex;
use std::sync::Arc;

const START: &str = r#"
TALK "Hello"
HEAR name
HEAR pin AS PASSWORD WITH "And a pin?"
rate = GET "PEER"
SET USER MEMORY "name", name
mood = LLM "say:cheerful"
TALK "${name} at ${FORMAT(NOW(), "yyyy-MM-dd HH:mm:ss")}, ${RANDOM(1, 1000000)}, rate ${rate.rate}, ${mood}"
CALL "closing.bas", name
"#;

const CLOSING: &str = r#"
PARAM who AS STRING
TALK "Bye, ${who} ${GET USER MEMORY "name"} ${RANDOM(1, 1000000)}"
"#;

const LOT: &str = r#"
PARAM most AS INTEGER LIKE "100" DESCRIPTION "The largest number"
DESCRIPTION "Draws a lot"
drawn = RANDOM(1, most)
TALK "Drawn: " + drawn
RETURN drawn
"#;

/// A service outside that gives another answer each time.
async fn peer() -> String {
    let asked = Arc::new(Mutex::new(0_u32));
    let router = Router::new().fallback(move || {
        let asked = Arc::clone(&asked);
        async move {
            let mut asked = asked.lock();
            *asked += 1;
            axum::Json(serde_json::json!({ "rate": *asked }))
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/rate", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the peer ends with the test's runtime")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The exit code of `botserver bot …` and what it wrote.
async fn bot(server: &Server, arguments: &[&str]) -> (i32, String) {
    let data = server.data().display().to_string();
    let arguments = [&["--data-dir", &data, "bot"], arguments].concat();
    let done = process::run(server.folder(), &arguments, &[]).await.unwrap();
    let text = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    (done.status.code().unwrap(), text)
}

fn package(is_recorded: &str, peer: &str) -> Packages {
    let packages = Packages::of_start("shop", &START.replace("PEER", peer));
    packages.script("shop", "closing", CLOSING);
    packages.script("shop", "lot", LOT);
    packages.settings("shop", &[("record-conversations", is_recorded)]);
    packages
}

/// A conversation with every kind of answer from outside, and all that the bot said in it.
async fn talk(server: &mut Server) -> (Visitor, Vec<String>) {
    let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    let mut said = Vec::new();
    let greeting = chat.turn().await.unwrap();
    said.extend(greeting.texts().into_iter().map(str::to_owned));
    for text in ["Ada", "1234-secret"] {
        let turn = chat.say(text).await.unwrap();
        said.extend(turn.texts().into_iter().map(str::to_owned));
    }
    // What is recorded outlives the server, as the conversation does.
    let seen = chat.last_seq().unwrap();
    server.kill().unwrap();
    server.restart().await.unwrap();
    let who = who.at(&server.url());
    let mut chat = who.resume(seen).await.unwrap();
    let turn = chat.say("call:lot{\"most\": 1000000}").await.unwrap();
    said.extend(turn.texts().into_iter().map(str::to_owned));
    (who, said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_of_the_server_is_played_back_byte_for_byte() {
    let (model, url) = (Model::start().await.unwrap(), peer().await);
    let packages = package("true", &url);
    let setup = Setup::new().model(&model).bots(packages.path());
    let mut server = setup
        .env("BOTSERVER_ALLOW_PRIVATE", "127.0.0.0/8")
        .start()
        .await
        .unwrap();
    let (who, said) = talk(&mut server).await;
    assert!(said.iter().any(|text| text.contains("rate 1, cheerful")), "{said:?}");
    assert!(said.iter().any(|text| text.starts_with("Drawn: ")), "{said:?}");
    server.kill().unwrap();

    let file = server.folder().join("recording.jsonl").display().to_string();
    let written = bot(&server, &["record", "--conversation", &who.session_id, "--out", &file]).await;
    assert_eq!(written, (0, String::new()));
    let recording = std::fs::read_to_string(&file).unwrap();
    assert!(!recording.contains("1234-secret"), "{recording}");
    let path = packages.package("shop").display().to_string();
    let (code, first) = bot(&server, &["run", &path, "--replay", &file]).await;
    assert_eq!(code, 0, "{first}\n{recording}");
    let (_, second) = bot(&server, &["run", &path, "--replay", &file]).await;

    assert_eq!(first, second);
    let transcript: Vec<&str> = first
        .lines()
        .filter(|line| said.iter().any(|text| text == line))
        .collect();
    assert_eq!(transcript, said, "{first}");

    packages.script("shop", "closing", &CLOSING.replace("Bye", "Ciao"));
    let (code, text) = bot(&server, &["run", &path, "--replay", &file]).await;
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("\n- Bye, Ada Ada ") && text.contains("\n+ Ciao, Ada Ada "),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_was_not_recorded_is_refused_with_the_remedy() {
    let packages = package("false", "http://127.0.0.1:1/");
    let server = Setup::new().bots(packages.path()).start().await.unwrap();
    let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.turn().await.unwrap();

    let (code, text) = bot(&server, &["record", "--conversation", &who.session_id]).await;

    assert_ne!(code, 0);
    assert!(
        text.contains("was not recorded: set record-conversations,true"),
        "{text}"
    );
}
