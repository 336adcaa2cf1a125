//! Frames that no client of ours would send: each brings an error frame or a close code, and nothing breaks.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

#[path = "frames/mutations.rs"]
mod mutations;

use botserver_tests::client::{Chat, Message, PATIENCE};
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup};
use futures::future::join_all;
use serde_json::{Value, json};

use mutations::{Mutation, Mutations};

/// Mutations of each type of frame.
const EACH: usize = 2000;
/// Frames on one socket: fewer than it takes to be sent away for talking nonsense.
const BATCH: usize = 8;
/// What the server may grow by.
const GROWTH: u64 = 96 * 1024 * 1024;

fn types() -> Vec<Value> {
    vec![
        json!({ "message_type": 1, "content": "hello", "message_id": "m", "active_switchers": ["tables"] }),
        json!({ "message_type": 0, "content": "from elsewhere", "channel": "web" }),
        json!({ "message_type": 3, "content": "" }),
        json!({ "message_type": 4, "content": "Opening hours", "context_name": "hours" }),
        json!({ "message_type": 5, "content": "hours", "context_name": "hours" }),
        json!({ "message_type": 6, "content": "price", "params": { "tea": "green", "count": 2 } }),
        json!({ "message_type": 8, "active_switchers": ["tables", "list"] }),
        json!({ "type": "stop" }),
    ]
}

async fn server() -> (Packages, Server) {
    let packages = Packages::of_start(
        "shop",
        "SET CONTEXT \"hours\" AS \"9 to 18\"\nADD SUGGESTION \"hours\" AS \"Opening hours\"",
    );
    packages.script(
        "shop",
        "price",
        "PARAM tea AS STRING LIKE \"green\" DESCRIPTION \"Which\"\nDESCRIPTION \"Tells a price\"\nTALK \"3 for ${tea}\"",
    );
    let setup = ["CHAT_PER_MINUTE", "CHAT_BURST", "RATE_PER_MINUTE", "RATE_BURST"]
        .iter()
        .fold(Setup::new(), |setup, name| {
            setup.env(&format!("BOTSERVER_{name}"), "10000000")
        });
    let server = setup.bots(packages.path()).start().await.unwrap();
    (packages, server)
}

/// The code with which the server closes the socket after `message`.
async fn code_after(server: &Server, message: Message) -> u16 {
    let (_, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.send_raw(message).await.unwrap();
    let close = chat.closed(PATIENCE).await.unwrap();
    close.expect("the server says why").code.into()
}

/// Sends mutations of `frame`, and after a few of them a message that must be answered.
async fn torment(server: &str, frame: Value, seed: u64) {
    let mut mutations = Mutations::of(frame, seed);
    let (who, mut chat) = Chat::start(server, "shop").await.unwrap();
    for batch in 0..EACH / BATCH {
        let sent: Vec<Mutation> = (0..BATCH).map(|_| mutations.next()).collect();
        for mutation in &sent {
            chat.send_raw(Message::text(mutation.as_str())).await.unwrap();
        }
        let id = format!("still-there-{seed}-{batch}");
        chat.send_as(&id, "still there?").await.unwrap();
        let mut is_heard = false;
        loop {
            let frame = match chat.next_frame().await {
                Ok(frame) => frame,
                Err(error) => panic!("{error:#} after {}", shown(&sent)),
            };
            let is_ours = frame
                .data
                .as_ref()
                .is_some_and(|data| data["message_id"] == id.as_str());
            match frame.kind.as_deref() {
                Some("error") => {
                    let status = frame.data.as_ref().and_then(|data| data["status"].as_u64());
                    assert!(
                        !is_ours && status.is_some_and(|status| (400..500).contains(&status)),
                        "{frame:?} after {}",
                        shown(&sent)
                    );
                }
                Some("user_message") if is_ours => is_heard = true,
                Some("turn_completed") if is_heard => break,
                _ => {}
            }
        }
        // The same conversation on a new socket, which has not yet talked nonsense.
        chat = who.resume(i64::MAX).await.unwrap();
    }
}

fn shown(sent: &[Mutation]) -> String {
    let short = |one: &Mutation| one.as_str().chars().take(200).collect::<String>();
    sent.iter().map(short).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_mutations_of_each_type_break_nothing() {
    let (_packages, server) = server().await;
    code_after(&server, Message::binary(vec![0_u8])).await;
    let before = server.rss_bytes().unwrap();

    let url = server.url();
    let tormented = (0_u64..).zip(types()).map(|(seed, frame)| torment(&url, frame, seed));
    join_all(tormented).await;

    let after = server.rss_bytes().unwrap();
    println!("resident memory grew from {before} to {after} bytes");
    let log = server.log();
    assert!(
        server.is_running() && !log.contains("panicked") && !log.contains("ERROR"),
        "{log}"
    );
    assert!(after < before + GROWTH, "{before} {after}");
}

#[tokio::test]
async fn frames_that_are_no_text_or_too_large_close_the_socket_with_their_code() {
    let (_packages, server) = server().await;

    assert_eq!(code_after(&server, Message::binary(b"{}".to_vec())).await, 1003);
    assert_eq!(
        code_after(&server, Message::text("x".repeat(1024 * 1024 + 1))).await,
        1009
    );
    for broken in [
        b"{\"content\":\"\xff\"}".to_vec(),
        b"\xed\xa0\x80".to_vec(),
        vec![0xc0, 0x80],
    ] {
        assert_eq!(code_after(&server, mutations::raw_text(broken)).await, 1007);
    }
    for nonsense in ["{", "[]", "\u{0}"] {
        let (_, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
        for _ in 0..10 {
            chat.send_raw(Message::text(nonsense)).await.unwrap();
        }
        let close = chat.closed(PATIENCE).await.unwrap().unwrap();
        assert_eq!(u16::from(close.code), 1008, "{nonsense:?}");
    }
    let log = server.log();
    assert!(server.is_running() && !log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn what_lies_just_within_the_limits_is_taken() {
    let (_packages, server) = server().await;
    let (_, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.turn().await.unwrap();

    let text = "ü".repeat(32 * 1024);
    let turn = chat.say(&text).await.unwrap();
    chat.send(&format!("{text}x")).await.unwrap();
    let refused = chat.next_frame().await.unwrap();
    let padded = format!("{}{}", " ".repeat(1024 * 1024 - 20), json!({ "content": "hello" }));
    chat.send_raw(Message::text(padded)).await.unwrap();
    let large = chat.turn().await.unwrap();

    assert_eq!(turn.frames[0].content, text);
    assert_eq!(refused.data.unwrap()["status"], 422);
    assert_eq!(large.frames[0].content, "hello");
}
