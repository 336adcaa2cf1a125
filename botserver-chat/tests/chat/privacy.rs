//! What must not be seen, and by whom.

use botlib::{PersonId, wire::InputKind};
use botserver_llm::scripted::{Reply, ScriptedModel};
use botserver_tests::client::Visitor;
use serde_json::json;

use crate::support::{
    House,
    dialogs::{hear, hear_as, say},
    get, log, path, post, short,
};

#[tokio::test]
async fn a_password_reaches_neither_log_nor_listeners_nor_the_model() {
    let model = ScriptedModel::new([Reply::text(["Ok."])]);
    let ops = [
        hear_as(InputKind::Password, "key"),
        say("Thanks ${key} ${user.message}"),
        hear("x"),
    ];
    let house = House::new().script("start", ops).model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    let mut other = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    other.turn().await.unwrap();

    chat.send_as("m", "hunter2").await.unwrap();
    let frames = [chat.turn().await.unwrap().frames, other.turn().await.unwrap().frames];
    chat.say("x").await.unwrap();
    chat.say("Hi").await.unwrap();

    let rows = crate::support::events(&server).await;
    assert!(rows.len() > 8);
    let shown = format!("{frames:?}{:?}{rows:?}{:?}", log(&who).await, model.asked());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(short(&log(&who).await)[1], "> ••••••••");
}

#[tokio::test]
async fn a_conversation_of_somebody_else_is_not_there() {
    let server = House::new().open().await;
    let (owner, other) = (server.visitor(), server.visitor());
    post(&owner, &path(&owner, "/messages"), &json!({ "content": "mine" })).await;
    let person = Visitor {
        token: format!("person_{}", PersonId::new()),
        ..other.clone()
    };
    let thief = Visitor {
        session_id: owner.session_id.clone(),
        ..other.clone()
    };

    for who in [&other, &person, &thief] {
        for rest in ["/events", "/stream", "/files/0190d000-0000-7000-8000-000000000000"] {
            let there = get(who, &path(&owner, rest)).await;
            let absent = get(who, &format!("/api/chat/{}{rest}", botlib::ConversationId::new())).await;
            let plain = |(status, problem): &(u16, serde_json::Value)| (*status, problem["type"].clone());
            assert_eq!((there.0, plain(&there)), (404, plain(&absent)), "{rest}");
        }
        for rest in ["/messages", "/stop", "/files?name=a"] {
            let (status, _) = post(who, &path(&owner, rest), &json!({ "content": "x" })).await;
            assert_eq!(status, 404, "{rest}");
        }
    }
    let refused = thief.connect().await.unwrap_err().to_string();
    assert!(refused.contains("404"), "{refused}");
    assert_eq!(short(&log(&owner).await)[0], "> mine");
    assert_eq!(get(&other, "/api/chat").await.1["items"], json!([]));
}

#[tokio::test]
async fn ids_without_a_token_make_somebody_new() {
    let server = House::new().script("start", [say("Welcome")]).open().await;
    let who = server.visitor();
    who.connect().await.unwrap().turn().await.unwrap();

    let url = format!(
        "{}/ws?session_id={}&user_id={}",
        server.url.replace("http", "ws"),
        who.session_id,
        who.user_id
    );
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let hello = futures::StreamExt::next(&mut socket).await.unwrap().unwrap();

    let hello: serde_json::Value = serde_json::from_str(hello.to_text().unwrap()).unwrap();
    assert_ne!(hello["session_id"], who.session_id.as_str());
    let own = Visitor {
        session_id: hello["session_id"].as_str().unwrap().to_owned(),
        token: hello["data"]["token"].as_str().unwrap().to_owned(),
        ..who
    };
    assert_eq!(own.connect().await.unwrap().turn().await.unwrap().texts(), ["Welcome"]);
}

#[tokio::test]
async fn nobody_and_whoever_brings_a_wrong_token_is_refused() {
    let house = House::new().bot(|bot| {
        bot.settings = botstate::dialog::Settings::new([("public".to_owned(), "false".to_owned())]);
    });
    let server = house.open().await;
    let wrong = Visitor {
        token: "nonsense".to_owned(),
        ..server.visitor()
    };

    assert_eq!(get(&wrong, "/api/chat").await.0, 401);
    let url = server.url.replace("http", "ws");
    let refused = tokio_tungstenite::connect_async(format!("{url}/ws")).await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    let refused = tokio_tungstenite::connect_async(format!("{url}/ws/nothing"))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("404"), "{refused}");
}

#[tokio::test]
async fn a_person_has_many_conversations_and_each_keeps_its_owner() {
    let server = House::new().open().await;
    let token = format!("person_{}", PersonId::new());
    let mine: Vec<_> = (0..3)
        .map(|_| Visitor {
            token: token.clone(),
            ..server.visitor()
        })
        .collect();
    for who in &mine {
        assert_eq!(
            post(who, &path(who, "/messages"), &json!({ "content": "mine" }))
                .await
                .0,
            201
        );
    }

    let (_, page) = get(&mine[0], "/api/chat").await;

    let ids: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        mine.iter().rev().map(|who| who.session_id.as_str()).collect::<Vec<_>>()
    );
}
