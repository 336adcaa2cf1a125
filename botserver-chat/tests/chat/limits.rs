//! What one client may not do.

use botserver_tests::client::{Message, PATIENCE};
use serde_json::json;

use crate::support::{House, dialogs::say, log, path, post, short};

#[tokio::test]
async fn messages_that_come_too_fast_are_refused_with_the_time_to_wait() {
    let house = House::new().script("start", [say("Hi")]).config(|config| {
        config.http.chat_burst = 3;
        config.http.chat_per_minute = 1;
    });
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    for _ in 0..2 {
        chat.say("Hi").await.unwrap();
    }

    chat.send_as("m", "too fast").await.unwrap();
    let refused = chat.next_frame().await.unwrap();
    let (status, problem) = post(&who, &path(&who, "/messages"), &json!({ "content": "too fast" })).await;

    let data = refused.data.unwrap();
    assert_eq!(
        (data["status"].as_u64(), data["message_id"].as_str()),
        (Some(429), Some("m"))
    );
    assert!((1..=60).contains(&data["retry_after"].as_u64().unwrap()), "{data}");
    assert_eq!((status, problem["retry_after"].is_u64()), (429, true));
    assert_eq!(
        short(&log(&who).await)
            .iter()
            .filter(|line| line.starts_with('>'))
            .count(),
        2
    );
}

#[tokio::test]
async fn frames_of_the_wrong_kind_or_size_close_the_socket_with_their_code() {
    let server = House::new().open().await;
    let text = |bytes| Message::text("x".repeat(bytes));
    for (message, code) in [(Message::binary(vec![1_u8]), 1003), (text(1024 * 1024 + 1), 1009)] {
        let mut chat = server.visitor().connect().await.unwrap();
        chat.send_raw(message).await.unwrap();

        let closed = chat.closed(PATIENCE).await.unwrap().unwrap();

        assert_eq!(u16::from(closed.code), code);
    }
    let mut chat = server.visitor().connect().await.unwrap();
    chat.next_frame().await.unwrap();
    chat.send_raw(text(1024 * 1024)).await.unwrap();
    assert_eq!(chat.next_frame().await.unwrap().kind.as_deref(), Some("error"));
}

#[tokio::test]
async fn a_client_that_talks_nonsense_is_sent_away_in_the_end() {
    let server = House::new().open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.next_frame().await.unwrap();

    for _ in 0..9 {
        chat.send_raw(Message::text("{")).await.unwrap();
        assert_eq!(chat.next_frame().await.unwrap().kind.as_deref(), Some("error"));
    }
    chat.send_raw(Message::text("{")).await.unwrap();

    let closed = chat.closed(PATIENCE).await.unwrap().unwrap();
    assert_eq!(u16::from(closed.code), 1008);
}
