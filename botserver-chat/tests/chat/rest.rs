//! Messages, lists and files by REST.

use botlib::{PersonId, wire::InputKind};
use botserver_tests::{client::Visitor, process::http_client};
use serde_json::{Value, json};

use crate::support::{
    House,
    dialogs::{hear_as, say},
    get, log, path, post,
};

#[tokio::test]
async fn a_message_is_answered_with_the_frames_of_its_turn() {
    let server = House::new().script("start", [say("Welcome")]).open().await;
    let who = server.visitor();

    let message = json!({ "content": "Hi", "message_id": "m", "bot_name": "default" });
    let (status, turn) = post(&who, &path(&who, "/messages"), &message).await;

    assert_eq!((status, &turn["conversation_id"]), (201, &json!(who.session_id)));
    let frames: Vec<_> = turn["frames"]
        .as_array()
        .unwrap()
        .iter()
        .map(|frame| (frame["type"].as_str(), frame["seq"].as_i64()))
        .collect();
    assert_eq!(
        frames,
        [
            (Some("user_message"), Some(1)),
            (None, Some(2)),
            (None, Some(3)),
            (Some("turn_completed"), Some(4))
        ]
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_reason_and_leaves_no_trace() {
    let server = House::new().open().await;
    let who = server.visitor();
    let long = "x".repeat(65_537);
    for (body, expected) in [
        (json!({ "content": long }), 422),
        (json!({ "content": "" }), 422),
        (json!({ "content": "a\0b" }), 422),
        (json!({ "content": "a", "message_id": "" }), 422),
        (json!({ "content": "a", "message_id": "x".repeat(129) }), 422),
        (json!({ "content": "a", "message_type": 9 }), 422),
        (json!({ "content": "a", "message_type": 2 }), 422),
        (json!({ "content": "a", "message_type": 7 }), 422),
        (json!({ "content": 1 }), 422),
        (json!({ "content": "a", "colour": "red" }), 422),
        (json!({ "message_type": 8, "active_switchers": vec!["x"; 33] }), 422),
        (json!({ "content": "nothing", "message_type": 6 }), 404),
        (
            json!({ "content": "a", "media_url": "/files/0190d000-0000-7000-8000-000000000000" }),
            404,
        ),
        (json!({ "content": "a", "media_url": "http://evil.example/x" }), 404),
    ] {
        let (status, problem) = post(&who, &path(&who, "/messages"), &body).await;

        assert_eq!(
            (status, problem["status"].as_u64()),
            (expected, Some(u64::from(expected))),
            "{problem}"
        );
    }
    assert_eq!(get(&who, &path(&who, "/events")).await.0, 404);
}

#[tokio::test]
async fn pages_of_events_bring_each_once() {
    let server = House::new().open().await;
    let who = server.visitor();
    for number in 0..7 {
        post(
            &who,
            &path(&who, "/messages"),
            &json!({ "content": number.to_string() }),
        )
        .await;
    }

    let whole = log(&who).await;
    let mut paged = Vec::new();
    let mut after = String::new();
    loop {
        let (_, page) = get(&who, &path(&who, &format!("/events?limit=2{after}"))).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        paged.extend(items.iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }

    assert_eq!((paged.len(), &paged), (21, &whole));
    for wrong in ["limit=0", "limit=201", "limit=x", "after=x"] {
        assert_eq!(
            get(&who, &path(&who, &format!("/events?{wrong}"))).await.0,
            422,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn pages_of_conversations_bring_each_once_even_when_they_changed_at_the_same_time() {
    let server = House::new().open().await;
    let token = format!("person_{}", PersonId::new());
    let mut ids = Vec::new();
    for _ in 0..5 {
        let who = Visitor {
            token: token.clone(),
            ..server.visitor()
        };
        post(&who, &path(&who, "/messages"), &json!({ "content": "Hi" })).await;
        ids.push(who);
    }
    crate::support::change_at_once(&server).await;

    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let (status, page) = get(&ids[0], &format!("/api/chat?limit=2{after}")).await;
        assert_eq!(status, 200, "{page}");
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }

    seen.sort();
    let mut expected: Vec<_> = ids.iter().map(|who| who.session_id.clone()).collect();
    expected.sort();
    assert_eq!(seen, expected);
    for wrong in ["limit=0", "after=x", "after=1", "after=x.y"] {
        assert_eq!(get(&ids[0], &format!("/api/chat?{wrong}")).await.0, 422, "{wrong}");
    }
}

async fn upload(who: &Visitor, name: &str, mime: &str, content: Vec<u8>) -> (u16, Value) {
    let request = http_client()
        .unwrap()
        .post(format!("{}{}", who.server, path(who, "/files")))
        .query(&[("name", name)])
        .header("content-type", mime)
        .bearer_auth(&who.token)
        .body(content);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_file_is_kept_sent_and_given_back_to_its_owner_only() {
    let ops = [hear_as(InputKind::Image, "picture"), say("Got ${picture}")];
    let server = House::new().script("start", ops).open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();

    let (status, file) = upload(&who, "tea.png", "image/png", vec![1, 2, 3]).await;
    assert_eq!(status, 201, "{file}");
    let url = file["url"].as_str().unwrap();
    let elsewhere = format!("https://evil.example{url}");
    chat.send_json(&json!({ "content": "", "media_url": elsewhere }))
        .await
        .unwrap();
    let turn = chat.turn().await.unwrap();

    assert_eq!(turn.frames[0].files[0].url, url);
    assert_eq!(
        (
            turn.frames[0].files[0].name.as_str(),
            turn.frames[0].files[0].size_bytes
        ),
        ("tea.png", 3)
    );
    assert!(turn.texts()[0].starts_with("Got "), "{turn:?}");
    let request = http_client()
        .unwrap()
        .get(format!("{}{url}", server.url))
        .bearer_auth(&who.token);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.bytes().await.unwrap().as_ref(), [1, 2, 3]);
    let other = server.visitor();
    assert_eq!(get(&other, url).await.0, 404);
}

#[tokio::test]
async fn files_that_a_browser_could_run_are_only_ever_saved() {
    let server = House::new().script("start", [say("Hi")]).open().await;
    let who = server.visitor();
    who.connect().await.unwrap().turn().await.unwrap();

    let (status, file) = upload(&who, "page.html", "text/html", b"<script>alert(1)</script>".to_vec()).await;
    let request = http_client()
        .unwrap()
        .get(format!("{}{}", server.url, file["url"].as_str().unwrap()));
    let answer = request.bearer_auth(&who.token).send().await.unwrap();

    assert_eq!(status, 201);
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    assert_eq!(
        answer.headers()["content-disposition"],
        "attachment; filename=\"page.html\""
    );
    assert_eq!(upload(&who, "../x", "text/plain", vec![1]).await.0, 422);
    assert_eq!(
        upload(&who, "x", "text/plain", vec![1; 10 * 1024 * 1024 + 1]).await.0,
        413
    );
}

#[tokio::test]
async fn a_bot_tells_how_it_looks_and_nothing_else() {
    let rows = [
        ("theme-color1", "#123456"),
        ("theme-title", "Tea"),
        ("llm-key", "hunter2"),
        ("server-secret", "hunter2"),
    ];
    let rows = rows.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let server = House::new()
        .bot(|bot| bot.settings = botstate::dialog::Settings::new(rows))
        .open()
        .await;
    let who = server.visitor();

    let (status, view) = get(&who, "/api/bot/config?bot_name=DEFAULT").await;

    assert_eq!(status, 200);
    assert_eq!(
        view,
        json!({ "name": "default", "public": true, "theme_title": "Tea", "theme_color1": "#123456" })
    );
    assert_eq!(get(&who, "/api/bot/config?bot_name=nobody").await.0, 404);
}
