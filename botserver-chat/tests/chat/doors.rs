//! The same conversation by socket, REST and server-sent events.

use std::time::Duration;

use botlib::SessionId;
use botserver_llm::scripted::{Reply, ScriptedModel};
use botserver_tests::{
    client::{PATIENCE, Visitor},
    process::http_client,
};
use botstate::event::Event;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::{House, dialogs::say, path, post};

/// Server-sent events of a conversation, as they come: the id and the data.
async fn listen(
    who: &Visitor,
    last: Option<&str>,
) -> impl futures::Stream<Item = (Option<String>, Value)> + Unpin + use<> {
    let mut request = http_client()
        .unwrap()
        .get(format!("{}{}", who.server, path(who, "/stream")))
        .bearer_auth(&who.token);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let bytes = Box::pin(answer.bytes_stream());
    Box::pin(futures::stream::unfold(
        (bytes, String::new()),
        |(mut bytes, mut text)| async move {
            loop {
                if let Some((event, rest)) = text.split_once("\n\n") {
                    let field = |name: &str| {
                        event
                            .lines()
                            .find_map(|line| line.strip_prefix(name))
                            .map(str::to_owned)
                    };
                    let found = field("data: ").map(|data| (field("id: "), serde_json::from_str(&data).unwrap()));
                    text = rest.to_owned();
                    match found {
                        Some(found) => return Some((found, (bytes, text))),
                        None => continue,
                    }
                }
                let chunk = bytes.next().await?.ok()?;
                text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        },
    ))
}

#[tokio::test]
async fn events_come_as_a_stream_and_go_on_from_the_last_one() {
    let model = ScriptedModel::answering(|_| Reply::text(["one ", "two"]));
    let server = House::new()
        .script("start", [say("Welcome")])
        .model(&model)
        .open()
        .await;
    let who = server.visitor();
    who.connect().await.unwrap().turn().await.unwrap();
    let mut events = listen(&who, None).await;

    post(&who, &path(&who, "/messages"), &json!({ "content": "Hi" })).await;
    let mut seen = Vec::new();
    while seen
        .last()
        .is_none_or(|(id, _): &(Option<String>, Value)| id.as_deref() != Some("5"))
    {
        seen.push(events.next().await.unwrap());
    }
    let mut rest = listen(&who, Some("3")).await;
    let next = rest.next().await.unwrap();

    let ids: Vec<_> = seen.iter().filter_map(|(id, _)| id.as_deref()).collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5"]);
    let pieces: String = seen
        .iter()
        .filter(|(id, frame)| id.is_none() && frame["stream_token"].is_string())
        .map(|(_, frame)| frame["content"].as_str().unwrap())
        .collect();
    assert_eq!(pieces, "one two");
    assert_eq!((next.0.as_deref(), &next.1["content"]), (Some("4"), &json!("one two")));
}

#[tokio::test]
async fn all_doors_see_the_same_conversation() {
    let model = ScriptedModel::answering(|_| Reply::text(["Yes."]));
    let server = House::new().model(&model).open().await;
    let who = server.visitor();
    let mut one = who.connect().await.unwrap();
    let mut two = who.connect().await.unwrap();
    for chat in [&mut one, &mut two] {
        chat.next_frame().await.unwrap();
    }

    post(&who, &path(&who, "/messages"), &json!({ "content": "by REST" })).await;
    let by_rest = [one.turn().await.unwrap().frames, two.turn().await.unwrap().frames];
    one.send("by socket").await.unwrap();
    let by_socket = [one.turn().await.unwrap().frames, two.turn().await.unwrap().frames];

    for [one, two] in [by_rest, by_socket] {
        assert_eq!(one, two);
        assert_eq!(one[0].kind.as_deref(), Some("user_message"));
    }
}

#[tokio::test]
async fn a_server_that_stops_finishes_the_turn_and_lets_listeners_go() {
    let model = ScriptedModel::new([Reply::text(["Yes."]).pause(Duration::from_millis(300))]);
    let house = House::new().model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.send("Hi").await.unwrap();
    model.wait_asked(1).await;
    let mut events = listen(&who, None).await;

    let is_clean = server.stop(PATIENCE).await;
    let closed = chat.closed(PATIENCE).await.unwrap().unwrap();
    while events.next().await.is_some() {}
    let server = house.open().await;

    assert!(is_clean);
    assert_eq!(u16::from(closed.code), 1012);
    let mut back = who.at(&server.url).connect().await.unwrap();
    assert_eq!(back.turn().await.unwrap().texts(), ["Yes."]);
}

#[tokio::test]
async fn whoever_signs_out_is_let_go_at_every_door_and_nobody_else_is() {
    let server = House::new().script("start", [say("Welcome")]).open().await;
    let session = SessionId::new();
    let who = Visitor {
        token: format!("person_{session}"),
        ..server.visitor()
    };
    let (mut own, mut other) = (who.connect().await.unwrap(), server.visitor().connect().await.unwrap());
    own.turn().await.unwrap();
    other.turn().await.unwrap();
    let mut events = listen(&who, None).await;

    server
        .state
        .events
        .publish(&Event::SessionEnded { session })
        .await
        .unwrap();
    let closed = own.closed(PATIENCE).await.unwrap().unwrap();
    while events.next().await.is_some() {}

    assert_eq!(u16::from(closed.code), 1008);
    assert!(other.say("Hi").await.unwrap().is_completed());
}
