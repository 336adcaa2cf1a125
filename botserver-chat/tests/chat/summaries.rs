//! What does not fit into prompts any more is there in short.

use botserver_llm::scripted::{Reply, ScriptedModel};
use botstate::{
    dialog::Settings,
    model::{ChatMessage, ChatRequest},
};

use crate::support::{House, dialogs::call, events};

fn is_summary(request: &ChatRequest) -> bool {
    matches!(&request.messages[0], ChatMessage::System { content } if content.starts_with("Summarise"))
}

fn model() -> ScriptedModel {
    ScriptedModel::answering(|request| {
        Reply::text([if is_summary(request) {
            "They spoke of tea."
        } else {
            "Good."
        }])
    })
}

#[tokio::test]
async fn the_oldest_turns_are_summarised_once() {
    let model = model();
    let house = House::new().model(&model);
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();

    for turn in 0..14 {
        chat.say(&format!("Tea number {turn}")).await.unwrap();
    }

    let asked = model.asked();
    let summaries = asked.iter().filter(|request| is_summary(request)).count();
    assert_eq!(summaries, 1);
    let last = asked.last().unwrap();
    assert!(
        matches!(&last.messages[1], ChatMessage::Assistant { content, .. } if content.contains("They spoke of tea.")),
        "{last:?}"
    );
    assert_eq!(last.messages.last(), Some(&ChatMessage::user("Tea number 13")));
    assert!(last.messages.len() < 24);
    let kept = events(&server).await;
    assert_eq!(kept.iter().filter(|event| event.contains("\"summary\"")).count(), 1);
}

#[tokio::test]
async fn a_bot_that_sets_its_history_gets_exactly_that() {
    let model = model();
    let house = House::new()
        .model(&model)
        .bot(|bot| bot.settings = Settings::new([("history-limit".to_owned(), "2".to_owned())]));
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();

    for turn in 0..6 {
        chat.say(&format!("Tea number {turn}")).await.unwrap();
    }

    assert!(model.asked().iter().all(|request| !is_summary(request)));
    assert_eq!(model.asked().last().unwrap().messages.len(), 6);
}

#[tokio::test]
async fn refresh_begins_anew() {
    let model = model();
    let house = House::new()
        .model(&model)
        .script("anew", [call("REFRESH", [("what", "llm")], "_")]);
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();

    chat.say("Tea").await.unwrap();
    chat.run_tool("anew", &serde_json::json!({})).await.unwrap();
    chat.turn().await.unwrap();
    chat.say("Coffee").await.unwrap();
    chat.say("Water").await.unwrap();

    let asked = model.asked();
    assert_eq!(asked[1].messages.len(), 2, "{:?}", asked[1]);
    assert_eq!(asked[2].messages.len(), 4, "{:?}", asked[2]);
}
