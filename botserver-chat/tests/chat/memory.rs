//! What is remembered of a person goes into prompts, and the person decides about it.

use botlib::PersonId;
use botserver_llm::scripted::{Reply, ScriptedModel};
use botserver_tests::{client::Visitor, process::http_client};
use botstate::{
    dialog::Settings,
    model::{ChatMessage, ChatRequest},
};
use serde_json::{Value, json};

use crate::support::{House, Server, get, remember};

fn person(server: &Server) -> Visitor {
    Visitor {
        token: format!("person_{}", PersonId::new()),
        ..server.visitor()
    }
}

fn system(request: &ChatRequest) -> &str {
    match &request.messages[0] {
        ChatMessage::System { content } => content,
        other => panic!("{other:?}"),
    }
}

async fn send(who: &Visitor, method: &str, path: &str, body: Value) -> u16 {
    let method = method.parse().unwrap();
    let request = http_client().unwrap().request(method, format!("{}{path}", who.server));
    let request = request
        .bearer_auth(&who.token)
        .header("content-type", "application/json");
    request.body(body.to_string()).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn facts_about_the_person_go_into_prompts_and_those_of_others_do_not() {
    let model = ScriptedModel::answering(|_| Reply::text(["Yes."]));
    let house = House::new().model(&model);
    let server = house.open().await;
    let (ann, bob) = (server.visitor(), server.visitor());
    remember(&server, &format!("visitor:{}", ann.user_id), "fact", "diet", "vegan").await;
    remember(&server, &format!("visitor:{}", ann.user_id), "memory", "pin", "4711").await;

    ann.connect().await.unwrap().say("Any cake?").await.unwrap();
    bob.connect().await.unwrap().say("Any cake?").await.unwrap();

    let asked = model.asked();
    assert!(system(&asked[0]).contains("- diet: vegan"), "{}", system(&asked[0]));
    assert!(!system(&asked[0]).contains("4711"));
    assert!(!system(&asked[1]).contains("vegan"));
}

#[tokio::test]
async fn a_bot_may_leave_facts_out() {
    let model = ScriptedModel::answering(|_| Reply::text(["Yes."]));
    let house = House::new()
        .model(&model)
        .bot(|bot| bot.settings = Settings::new([("user-memory-enabled".to_owned(), "false".to_owned())]));
    let server = house.open().await;
    let ann = server.visitor();
    remember(&server, &format!("visitor:{}", ann.user_id), "fact", "diet", "vegan").await;

    ann.connect().await.unwrap().say("Any cake?").await.unwrap();

    assert!(!system(&model.asked()[0]).contains("vegan"));
}

#[tokio::test]
async fn each_sees_corrects_and_erases_what_is_about_himself_only() {
    for house in House::on_each_database() {
        let server = house.open().await;
        let (ann, bob) = (server.visitor(), server.visitor());
        for (name, value) in [("diet", "vegan"), ("city", "Porto")] {
            remember(&server, &format!("visitor:{}", ann.user_id), "fact", name, value).await;
        }

        assert_eq!(get(&bob, "/api/memory").await, (200, json!({ "items": [] })));
        assert_eq!(send(&bob, "DELETE", "/api/memory/fact/diet", json!({})).await, 404);
        assert_eq!(
            send(&bob, "PUT", "/api/memory/fact/diet", json!({ "value": "x" })).await,
            404
        );

        assert_eq!(
            send(&ann, "PUT", "/api/memory/fact/diet", json!({ "value": ["fish"] })).await,
            204
        );
        assert_eq!(send(&ann, "DELETE", "/api/memory/fact/city", json!({})).await, 204);
        let (_, left) = get(&ann, "/api/memory").await;
        assert_eq!(left["items"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&left["items"][0]["name"], &left["items"][0]["value"]),
            (&json!("diet"), &json!(["fish"]))
        );

        assert_eq!(send(&ann, "DELETE", "/api/memory", json!({})).await, 204);
        assert_eq!(get(&ann, "/api/memory").await, (200, json!({ "items": [] })));
    }
}

#[tokio::test]
async fn a_finished_conversation_of_a_person_is_written_down_where_the_bot_may() {
    let model = ScriptedModel::answering(|request| {
        let is_task = system(request).starts_with("Write down");
        Reply::text([if is_task { "Ann ordered a cake." } else { "A fine cake." }])
    });
    let on = [
        ("episodic-memory-enabled", "true"),
        ("episodic-memory-idle-minutes", "0"),
    ];
    let house = House::new().model(&model).bot(|bot| {
        bot.settings = Settings::new(on.map(|(name, value)| (name.to_owned(), value.to_owned())));
    });
    let server = house.open().await;
    let (ann, visitor) = (person(&server), server.visitor());
    ann.connect().await.unwrap().say("A cake, please").await.unwrap();
    visitor.connect().await.unwrap().say("A pie, please").await.unwrap();

    assert_eq!(server.chat.remember().await.unwrap(), 1);
    assert_eq!(server.chat.remember().await.unwrap(), 0);

    let (_, kept) = get(&ann, "/api/memory").await;
    let episode = &kept["items"][0];
    assert_eq!(episode["value"]["summary"], "Ann ordered a cake.");
    assert_eq!(episode["value"]["conversation"], ann.session_id.as_str());
    assert_eq!(episode["value"]["from"], 1);
    let other = Visitor {
        session_id: botlib::ConversationId::new().to_string(),
        ..ann
    };
    other.connect().await.unwrap().say("Hello again").await.unwrap();
    assert!(system(model.asked().last().unwrap()).contains("Ann ordered a cake."));
}

#[tokio::test]
async fn nothing_is_written_down_unless_the_bot_says_so() {
    let model = ScriptedModel::answering(|_| Reply::text(["Yes."]));
    let server = House::new().model(&model).open().await;
    person(&server)
        .connect()
        .await
        .unwrap()
        .say("A cake, please")
        .await
        .unwrap();

    assert_eq!(server.chat.remember().await.unwrap(), 0);
}

#[tokio::test]
async fn of_nodes_that_look_at_once_one_writes_a_conversation_down() {
    for house in House::on_each_database() {
        let model = ScriptedModel::answering(|request| {
            let is_task = system(request).starts_with("Write down");
            Reply::text([if is_task { "Ann ordered a cake." } else { "A fine cake." }])
        });
        let on = [
            ("episodic-memory-enabled", "true"),
            ("episodic-memory-idle-minutes", "0"),
        ];
        let house = house.sharing().model(&model).bot(|bot| {
            bot.settings = Settings::new(on.map(|(name, value)| (name.to_owned(), value.to_owned())));
        });
        let (one, two) = (house.open().await, house.open().await);
        for _ in 0..5 {
            person(&one)
                .connect()
                .await
                .unwrap()
                .say("A cake, please")
                .await
                .unwrap();
        }

        let looks = (0..2).map(|round| {
            let chat = if round % 2 == 0 {
                one.chat.clone()
            } else {
                two.chat.clone()
            };
            one.spawn(async move { chat.remember().await.unwrap() })
        });
        let mut written = 0;
        for look in looks.collect::<Vec<_>>() {
            written += look.await.unwrap();
        }

        let tasks = model
            .asked()
            .iter()
            .filter(|request| system(request).starts_with("Write down"))
            .count();
        assert_eq!((written, tasks), (5, 5));
    }
}
