//! Chips, contexts and switchers, and what the model hears of them.

use botserver_llm::scripted::{Reply, ScriptedModel};
use botstate::model::{ChatMessage, ChatRequest};
use serde_json::{Value, json};

use crate::support::{
    House,
    dialogs::{call, hear, say},
    log, path, post, short,
};

fn system(request: &ChatRequest) -> &str {
    match &request.messages[0] {
        ChatMessage::System { content } => content,
        other => panic!("{other:?}"),
    }
}

fn question(request: &ChatRequest) -> &str {
    match request.messages.last().unwrap() {
        ChatMessage::User { content, .. } => content,
        other => panic!("{other:?}"),
    }
}

fn answering() -> ScriptedModel {
    ScriptedModel::answering(|_| Reply::text(["Yes."]))
}

#[tokio::test]
async fn a_chosen_context_goes_into_the_prompt() {
    let model = answering();
    let house = House::new().model(&model).script(
        "start",
        [
            call("SET CONTEXT", [("name", "hours"), ("text", "Open from 9 to 18.")], "_"),
            call("SET CONTEXT", [("name", "menu"), ("text", "Soup and cake.")], "_"),
            call(
                "ADD SUGGESTION",
                [("key", "menu"), ("label", "What is on the menu?")],
                "_",
            ),
        ],
    );
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    let greeting = chat.turn().await.unwrap();

    chat.send_json(&json!({ "message_type": 5, "context_name": "hours" }))
        .await
        .unwrap();
    let chosen = chat.turn().await.unwrap();
    chat.say("When?").await.unwrap();
    chat.send_json(&json!({ "message_type": 4, "content": "What is on the menu?" }))
        .await
        .unwrap();
    chat.turn().await.unwrap();
    chat.send_json(&json!({ "message_type": 5, "content": "nothing" }))
        .await
        .unwrap();
    let none = chat.turn().await.unwrap();
    chat.say("And?").await.unwrap();

    let chip = &greeting.completion().unwrap().suggestions[0];
    assert_eq!(
        (chip.text.as_str(), chip.context.as_deref()),
        ("What is on the menu?", Some("menu"))
    );
    assert_eq!(chosen.completion().unwrap().context_name.as_deref(), Some("hours"));
    assert_eq!(none.completion().unwrap().context_name, None);
    let asked = model.asked();
    assert_eq!(system(&asked[0]), "You sell tea.\n\n# Context\nOpen from 9 to 18.");
    assert!(system(&asked[1]).ends_with("Soup and cake."));
    assert_eq!((system(&asked[2]), asked.len()), ("You sell tea.", 3));
}

#[tokio::test]
async fn a_click_answers_a_waiting_dialog_with_its_key() {
    let ops = [
        call("ADD SUGGESTION", [("key", "green"), ("label", "Green tea")], "_"),
        hear("tea"),
        say("You chose ${tea}"),
    ];
    let server = House::new().script("start", ops).open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.turn().await.unwrap();

    chat.send_json(&json!({ "message_type": 4, "content": "Green tea" }))
        .await
        .unwrap();

    assert_eq!(chat.turn().await.unwrap().texts(), ["You chose green"]);
}

#[tokio::test]
async fn switchers_change_the_prompt_and_answer_the_last_question_again() {
    let model = answering();
    let house = House::new().model(&model).script(
        "start",
        [
            call(
                "ADD SWITCHER",
                [("instruction", "tables"), ("label", "As a table")],
                "_",
            ),
            call(
                "ADD SWITCHER",
                [("instruction", "Answer like a pirate."), ("label", "Pirate")],
                "_",
            ),
        ],
    );
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    let greeting = chat.turn().await.unwrap();
    let switchers = &greeting.completion().unwrap().switchers;
    chat.say("Which teas?").await.unwrap();

    let ids: Vec<_> = switchers.iter().map(|switcher| switcher.id.clone()).collect();
    chat.send_json(&json!({ "message_type": 8, "active_switchers": ids }))
        .await
        .unwrap();
    let again = chat.turn().await.unwrap();
    chat.send_json(&json!({ "content": "Plain?", "active_switchers": [] }))
        .await
        .unwrap();
    chat.turn().await.unwrap();

    assert_eq!((switchers.len(), switchers[0].id.as_str()), (2, "tables"));
    assert_eq!(again.texts(), ["Yes."]);
    let asked = model.asked();
    assert_eq!(question(&asked[1]), "Which teas?");
    assert_eq!(asked[1].messages.len(), 2);
    assert_eq!(
        system(&asked[1]),
        "You sell tea.\n\nGive the answer as a table where that is possible.\n\nAnswer like a pirate."
    );
    assert_eq!(system(&asked[2]), "You sell tea.");
    let said: Vec<_> = short(&log(&who).await)
        .into_iter()
        .filter(|line| line.starts_with('>'))
        .collect();
    assert_eq!(said, ["> Which teas?", "> Plain?"]);
}

#[tokio::test]
async fn switchers_repeat_a_question_and_not_the_click_on_a_tool() {
    let model = answering();
    let house = House::new().model(&model).script("hours", [say("18")]);
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.say("Which teas?").await.unwrap();
    chat.run_tool("hours", &Value::Null).await.unwrap();
    chat.turn().await.unwrap();

    chat.send_json(&json!({ "message_type": 8, "active_switchers": ["list"] }))
        .await
        .unwrap();
    chat.turn().await.unwrap();

    assert_eq!(question(&model.asked()[1]), "Which teas?");
}

#[tokio::test]
async fn history_goes_into_the_prompt_up_to_its_limit() {
    let model = answering();
    let rows = [("history-limit".to_owned(), "1".to_owned())];
    let house = House::new()
        .model(&model)
        .bot(|bot| bot.settings = botstate::dialog::Settings::new(rows));
    let server = house.open().await;
    let who = server.visitor();
    for text in ["one", "two", "three"] {
        post(&who, &path(&who, "/messages"), &json!({ "content": text })).await;
    }

    let asked = model.asked();
    let texts: Vec<_> = asked[2].messages[1..]
        .iter()
        .map(|message| match message {
            ChatMessage::User { content, .. } | ChatMessage::Assistant { content, .. } => content.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, ["two", "Yes.", "three"]);
}
