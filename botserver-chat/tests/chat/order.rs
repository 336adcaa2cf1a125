//! Many writers in one conversation: one turn at a time, in the order of arrival.

use botserver_llm::scripted::{Reply, ScriptedModel};
use futures::future::join_all;
use serde_json::json;

use crate::support::{
    House,
    dialogs::{Op, hear, say},
    log, path, post, short,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_writers_have_each_message_answered_exactly_once_and_in_their_order() {
    let house = House::new().script(
        "start",
        [hear("x"), say("Heard ${x}"), Op::Loop("n".to_owned(), 1_000_000, 0)],
    );
    let server = house.open().await;
    let who = server.visitor();
    who.connect().await.unwrap().turn().await.unwrap();

    let writers = (0..50).map(|writer| {
        let who = who.clone();
        async move {
            let mut chat = who.resume(1_000_000).await.unwrap();
            for number in 0..20 {
                let text = format!("{writer}.{number}");
                chat.send(&text).await.unwrap();
                let answer = format!("Heard {text}");
                while chat.next_frame().await.unwrap().content != answer {}
            }
        }
    });
    join_all(writers).await;

    let lines = short(&log(&who).await);
    assert_eq!(lines.len(), 1 + 1000 * 3);
    let mut next = [0; 50];
    for turn in lines[1..].chunks(3) {
        let text = turn[0].strip_prefix("> ").unwrap();
        assert_eq!(turn[1..], [format!("< Heard {text}"), "turn_completed".to_owned()]);
        let (writer, number) = text.split_once('.').unwrap();
        let expected = &mut next[writer.parse::<usize>().unwrap()];
        assert_eq!(number.parse(), Ok(*expected), "of {writer}");
        *expected += 1;
    }
    assert_eq!(next, [20; 50]);
}

#[tokio::test]
async fn messages_of_one_socket_are_answered_in_their_order() {
    let house = House::new().script(
        "start",
        [hear("x"), say("Heard ${x}"), Op::Loop("n".to_owned(), 1_000_000, 0)],
    );
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.turn().await.unwrap();

    for number in 0..60 {
        chat.send(&number.to_string()).await.unwrap();
    }
    for number in 0..60 {
        assert_eq!(chat.turn().await.unwrap().texts(), [format!("Heard {number}")]);
    }
}

#[tokio::test]
async fn a_line_that_is_full_refuses_whoever_comes_and_keeps_those_who_wait() {
    let model = ScriptedModel::answering(|_| Reply::text(["ok"]));
    model.push(Reply::hang());
    let server = House::new().model(&model).open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.next_frame().await.unwrap();
    chat.send("first").await.unwrap();
    model.wait_asked(1).await;

    for number in 0..64 {
        chat.send(&format!("{number}")).await.unwrap();
    }
    let refused_id = chat.send("too many").await.unwrap();
    let problem = loop {
        let frame = chat.next_frame().await.unwrap();
        if frame.kind.as_deref() == Some("error") {
            break frame.data.unwrap();
        }
    };
    let (status, by_rest) = post(
        &who,
        &path(&who, "/messages"),
        &json!({ "content": "too many as well" }),
    )
    .await;
    chat.stop().await.unwrap();
    for _ in 0..65 {
        chat.turn().await.unwrap();
    }

    assert_eq!(
        (problem["status"].as_u64(), problem["message_id"].as_str()),
        (Some(429), Some(refused_id.as_str()))
    );
    assert_eq!((status, by_rest["type"].as_str()), (429, Some("chat/too-many-waiting")));
    assert!(by_rest["retry_after"].as_u64() >= Some(1));
    let said: Vec<_> = short(&log(&who).await)
        .into_iter()
        .filter(|line| line.starts_with('>'))
        .collect();
    assert_eq!(
        (said.len(), said[0].as_str(), said[64].as_str()),
        (65, "> first", "> 63")
    );
}
