//! Sockets that are cut and come back.

use std::time::Duration;

use botlib::wire::ServerFrame;
use botserver_llm::scripted::{Reply, ScriptedModel};
use botserver_tests::client::Visitor;
use serde_json::Value;

use crate::support::{
    House,
    dialogs::{Op, call, hear, say},
    log, path, post,
};

/// What a page has put together of a conversation: entries by number.
fn take(seen: &mut Vec<(i64, String)>, frame: &ServerFrame) {
    let Some(seq) = frame.seq.filter(|_| frame.kind.as_deref() != Some("connected")) else {
        return;
    };
    let last = seen.last().map_or(0, |(last, _)| *last);
    assert!(seq > last, "{seq} came after {last}");
    seen.push((seq, frame.content.clone()));
}

fn of_log(log: &[Value]) -> Vec<(i64, String)> {
    let entry = |event: &Value| {
        let content = event["payload"]["content"].as_str().unwrap_or_default();
        (event["seq"].as_i64().unwrap(), content.to_owned())
    };
    log.iter().map(entry).collect()
}

/// Chance that can be repeated (Knuth's MMIX generator).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[tokio::test]
async fn cut_at_any_place_and_resumed_a_socket_brings_every_entry_once_and_in_order() {
    let model = ScriptedModel::answering(|request| {
        let text = format!("answer {} ", request.messages.len());
        Reply::text(vec![text; 5]).pause(Duration::from_millis(1))
    });
    let server = House::new()
        .script("start", [say("Welcome"), say("Ask")])
        .model(&model)
        .open()
        .await;
    let who = server.visitor();
    who.connect().await.unwrap().turn().await.unwrap();
    let writing = {
        let who = who.clone();
        async move {
            for number in 0..25 {
                let message = serde_json::json!({ "content": format!("message {number}") });
                assert_eq!(post(&who, &path(&who, "/messages"), &message).await.0, 201);
            }
        }
    };
    let readers = (0..8).map(|seed| read_with_cuts(who.clone(), Chance(seed)));

    let ((), seen) = futures::join!(writing, futures::future::join_all(readers));

    let whole = of_log(&log(&who).await);
    assert_eq!(whole.len(), 25 * 3 + 3);
    for seen in seen {
        // An answer whose pieces were all seen ends with an empty frame.
        let contents = |entries: &[(i64, String)]| entries.iter().map(|(seq, _)| *seq).collect::<Vec<_>>();
        assert_eq!(contents(&seen), contents(&whole));
        for ((_, seen), (_, logged)) in seen.iter().zip(&whole) {
            assert!(
                seen == logged || (seen.is_empty() && logged.starts_with("answer")),
                "{seen:?} {logged:?}"
            );
        }
    }
}

/// Reads until the last answer, leaving after a few frames again and again.
async fn read_with_cuts(who: Visitor, mut chance: Chance) -> Vec<(i64, String)> {
    let mut seen: Vec<(i64, String)> = Vec::new();
    let mut ends = 0;
    loop {
        let mut chat = who.resume(seen.last().map_or(0, |(seq, _)| *seq)).await.unwrap();
        for _ in 0..chance.below(30) {
            let frame = chat.next_frame().await.unwrap();
            ends += usize::from(frame.kind.as_deref() == Some("turn_completed"));
            take(&mut seen, &frame);
            if ends == 26 {
                return seen;
            }
        }
    }
}

#[tokio::test]
async fn a_long_log_comes_whole_while_the_client_writes_and_reads_at_once() {
    let house = House::new().script(
        "start",
        [hear("x"), say("Heard ${x}"), Op::Loop("n".to_owned(), 1_000_000, 0)],
    );
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    for number in 0..300 {
        chat.send(&format!("{number}")).await.unwrap();
        chat.turn().await.unwrap();
    }
    let before = chat.last_seq().unwrap();

    for _ in 0..10 {
        let mut back = who.connect().await.unwrap();
        // Frames that need no answer: each of them may cut the reading of the log short.
        for _ in 0..200 {
            back.send_json(&serde_json::json!({ "type": "ping" })).await.unwrap();
        }
        let mut seen = Vec::new();
        while seen.last().is_none_or(|(seq, _)| *seq < before) {
            take(&mut seen, &back.next_frame().await.unwrap());
        }
        assert_eq!(seen, of_log(&log(&who).await));
    }
}

#[tokio::test]
async fn resuming_from_the_end_or_beyond_it_brings_only_what_is_new() {
    let server = House::new().script("start", [say("Welcome")]).open().await;
    let who = server.visitor();
    who.connect().await.unwrap().turn().await.unwrap();

    for from in [2, 1_000_000, i64::MAX] {
        let mut chat = who.resume(from).await.unwrap();
        let hello = chat.next_frame().await.unwrap();
        assert_eq!((hello.kind.as_deref(), hello.seq.is_some()), (Some("connected"), true));
        assert_eq!(chat.say("Hi").await.unwrap().frames[0].content, "Hi");
    }
}

#[tokio::test]
async fn a_listener_that_reads_too_slowly_is_sent_away_and_has_no_hole() {
    let text = "x".repeat(20_000);
    let house = House::new().script("start", [hear("x"), say(&text), Op::Loop("n".to_owned(), 1_000_000, 0)]);
    let server = house.open().await;
    let who = server.visitor();
    let mut slow = who.connect().await.unwrap();
    slow.turn().await.unwrap();

    let (messages, more) = (path(&who, "/messages"), serde_json::json!({ "content": "more" }));
    for _ in 0..25 {
        futures::future::join_all((0..16).map(|_| post(&who, &messages, &more))).await;
    }
    let mut seen = Vec::new();
    let closed = loop {
        match slow.next_frame().await {
            Ok(frame) => take(&mut seen, &frame),
            Err(error) => break error.to_string(),
        }
    };

    // On a machine so busy that it took longer than a connection may take nothing, its end comes without a word.
    let is_sent_away = ["1013", "Again", "reset"].iter().any(|end| closed.contains(end));
    assert!(is_sent_away, "{closed}");
    let whole = of_log(&log(&who).await);
    assert_eq!(seen, whole[1..=seen.len()]);
    let last = seen.last().map_or(whole[0].0, |(seq, _)| *seq);
    let mut back = who.resume(last).await.unwrap();
    while seen.len() + 1 < whole.len() {
        take(&mut seen, &back.next_frame().await.unwrap());
    }
    assert_eq!(seen, whole[1..]);
}

#[tokio::test]
async fn frames_that_are_read_again_are_the_same_to_the_byte() {
    let house = House::new().script(
        "start",
        [
            call("ADD SUGGESTION", [("key", "a"), ("label", "A")], "_"),
            say("One"),
            hear("x"),
            say("Two"),
            call("PROBE", [("text", "${x}")], "_"),
            say("Three"),
            say("Four"),
            Op::Loop("n".to_owned(), 1_000_000, 2),
        ],
    );
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    let mut heard = chat.turn().await.unwrap().frames;
    for _ in 0..60 {
        heard.extend(chat.say("go").await.unwrap().frames);
    }
    heard.retain(|frame| frame.seq > Some(0));

    let mut back = who.connect().await.unwrap();
    back.next_frame().await.unwrap();
    let mut read = Vec::new();
    while read.len() < heard.len() {
        read.push(back.next_frame().await.unwrap());
    }

    assert_eq!(heard.len(), 2 + 60 * 5);
    assert_eq!(read, heard);
}
