//! Prompts of the package: who the bot is with them, which one was used, and what became of it.

use std::sync::Arc;

use botlib::PersonId;
use botserver_llm::scripted::{Reply, ScriptedModel};
use botserver_tests::client::Visitor;
use botstate::{
    dialog::Bot,
    model::{ChatMessage, ChatRequest, ModelError},
    prompt::{Hints, Prompt, Template, Variant},
};
use serde_json::{Value, json};

use crate::support::{
    House, Server,
    dialogs::{call, try_call},
    events, get, log, path, post,
};

fn prompt(name: &str, variants: &[(&str, u32, &str)]) -> Arc<Prompt> {
    Arc::new(Prompt {
        name: name.to_owned(),
        description: String::new(),
        version: format!("{name}-1"),
        author: None,
        is_public: false,
        hints: Hints {
            temperature: Some(0.25),
            max_tokens: Some(77),
            model: None,
        },
        variables: Vec::new(),
        variants: variants
            .iter()
            .map(|(name, weight, text)| Variant {
                name: (*name).to_owned(),
                weight: *weight,
                template: Template::parse(text).0,
            })
            .collect(),
        place: format!("default.gbai/default.gbprompts/{name}.md"),
        source: "".into(),
    })
}

fn cake(bot: &mut Bot) {
    bot.prompts = vec![prompt("system", &[("default", 1, "You sell cake.")])];
}

fn system(request: &ChatRequest) -> &str {
    match &request.messages[0] {
        ChatMessage::System { content } => content,
        other => panic!("{other:?}"),
    }
}

fn operator(server: &Server) -> Visitor {
    Visitor {
        token: format!("operator_{}", PersonId::new()),
        ..server.visitor()
    }
}

/// The counts of a prompt's variant, those that are not 0.
async fn counts(server: &Server, name: &str, variant: &str) -> Value {
    let (status, list) = get(&operator(server), "/api/prompts/default").await;
    assert_eq!(status, 200, "{list}");
    let items = list["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["name"] == name).unwrap();
    let variants = item["variants"].as_array().unwrap();
    let mut counts = variants.iter().find(|one| one["name"] == variant).unwrap()["counts"].clone();
    counts
        .as_object_mut()
        .unwrap()
        .retain(|_, count| *count != 0 && *count != json!({}));
    counts
}

#[tokio::test]
async fn the_prompt_called_system_is_who_the_bot_is_and_each_turn_knows_it() {
    let model = ScriptedModel::new([Reply::text(["Yes."])]);
    let house = House::new().bot(cake).model(&model);
    let server = house.open().await;
    let who = server.visitor();

    who.connect().await.unwrap().say("Any cake?").await.unwrap();

    let asked = &model.asked()[0];
    assert!(system(asked).starts_with("You sell cake."), "{}", system(asked));
    assert_eq!((asked.temperature, asked.max_tokens), (Some(0.25), Some(77)));
    let version = &asked.asker.as_ref().unwrap().prompt;
    assert!(version.starts_with("system@system-1/default#"), "{version}");
    let completed = events(&server)
        .await
        .into_iter()
        .find(|event| event.contains("turn_completed"));
    let completed: Value = serde_json::from_str(&completed.unwrap()).unwrap();
    assert_eq!(
        completed["prompt"],
        json!({ "name": "system", "version": "system-1", "variant": "default" })
    );
    // People are not told how the bot is made.
    assert!(!json!(log(&who).await).to_string().contains("system-1"));
    assert_eq!(
        counts(&server, "system", "default").await,
        json!({ "shown": 1, "answered": 1 })
    );
}

#[tokio::test]
async fn other_words_in_the_system_part_are_another_version() {
    let model = ScriptedModel::answering(|_| Reply::text(["Yes."]));
    let house = House::new()
        .bot(cake)
        .tool("warm", [], [call("SET SYSTEM PROMPT", [("text", "Be warm.")], "x")])
        .tool("cold", [], [call("SET SYSTEM PROMPT", [("text", "Be cold.")], "x")])
        .model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();

    for tool in ["warm", "cold"] {
        chat.run_tool(tool, &json!({})).await.unwrap();
        chat.turn().await.unwrap();
        chat.say("Hello").await.unwrap();
    }
    chat.say("Hello").await.unwrap();

    let versions: Vec<String> = model
        .asked()
        .into_iter()
        .map(|request| request.asker.unwrap().prompt)
        .collect();
    assert!(versions[0] != versions[1] && versions[1] == versions[2], "{versions:?}");
}

#[tokio::test]
async fn a_dialog_chooses_a_prompt_for_its_conversation_and_lets_go_of_it() {
    let model = ScriptedModel::answering(|_| Reply::text(["Yes."]));
    let house = House::new()
        .bot(|bot| {
            cake(bot);
            bot.prompts.push(prompt("wine", &[("default", 1, "You sell wine.")]));
        })
        .tool("wine", [], [call("USE PROMPT", [("name", "WINE")], "x")])
        .tool("own", [], [call("CLEAR PROMPT", [], "x")])
        .tool(
            "beer",
            [],
            [
                try_call("USE PROMPT", [("name", "beer")], "x"),
                crate::support::dialogs::say("${x}"),
            ],
        )
        .model(&model);
    let server = house.open().await;
    let (who, other) = (server.visitor(), server.visitor());
    let mut chat = who.connect().await.unwrap();

    let mut said = Vec::new();
    for tool in ["wine", "beer", "own"] {
        chat.run_tool(tool, &json!({})).await.unwrap();
        let turn = chat.turn().await.unwrap();
        said.extend(turn.texts().into_iter().map(str::to_owned));
        chat.say("Hello").await.unwrap();
    }
    other.connect().await.unwrap().say("Hello").await.unwrap();

    let sold: Vec<bool> = model
        .asked()
        .iter()
        .map(|asked| system(asked).contains("wine"))
        .collect();
    assert_eq!(sold, [true, true, false, false]);
    assert_eq!(said, ["the bot has no prompt \"beer\""]);
    assert_eq!(
        counts(&server, "wine", "default").await,
        json!({ "shown": 2, "answered": 2 })
    );
}

#[tokio::test]
async fn variants_are_given_by_person_and_counted_each() {
    let model = ScriptedModel::answering(|_| Reply::text(["Yes."]));
    let house = House::new()
        .bot(|bot| bot.prompts = vec![prompt("system", &[("a", 1, "You are A."), ("b", 1, "You are B.")])])
        .model(&model);
    let server = house.open().await;

    for _ in 0..24 {
        let who = server.visitor();
        let mut chat = who.connect().await.unwrap();
        chat.say("One").await.unwrap();
        chat.say("Two").await.unwrap();
    }

    let asked = model.asked();
    for pair in asked.chunks(2) {
        assert_eq!(system(&pair[0]), system(&pair[1]));
    }
    let of = |text: &str| asked.iter().filter(|asked| system(asked).starts_with(text)).count();
    // All on one side would come once in eight million runs.
    assert!(of("You are A.") > 0 && of("You are B.") > 0);
    for (variant, text) in [("a", "You are A."), ("b", "You are B.")] {
        let count = of(text);
        assert_eq!(
            counts(&server, "system", variant).await,
            json!({ "shown": count, "answered": count })
        );
    }
}

#[tokio::test]
async fn answers_that_fail_count_as_failed() {
    let failed = ModelError::Garbled {
        url: "x".to_owned(),
        reason: "y".to_owned(),
    };
    let model = ScriptedModel::new([
        Reply::error(failed.clone()),
        Reply::text(["Half"]).then_error(failed),
        Reply::text(["Whole"]),
    ]);
    let house = House::new().bot(cake).model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();

    for _ in 0..3 {
        chat.say("Hello").await.unwrap();
    }

    assert_eq!(
        counts(&server, "system", "default").await,
        json!({ "shown": 3, "answered": 1, "failed": 2 })
    );
}

#[tokio::test]
async fn people_rate_answers_of_their_own_conversations_once_each() {
    for house in House::on_each_database() {
        let model = ScriptedModel::answering(|_| Reply::text(["Yes."]));
        let rated = call("RATE ANSWER", [("outcome", "Solved")], "x");
        people_rate(&house.bot(cake).tool("solved", [], [rated]).model(&model)).await;
    }
}

async fn people_rate(house: &House) {
    let server = house.open().await;
    let (who, other) = (server.visitor(), server.visitor());
    let mut chat = who.connect().await.unwrap();
    let rate = |body: Value| {
        let who = &who;
        async move { post(who, &path(who, "/feedback"), &body).await.0 }
    };

    assert_eq!(rate(json!({ "rating": "up" })).await, 404, "there is no answer yet");
    chat.say("One").await.unwrap();
    let turns = log(&who).await;
    let turn = turns.last().unwrap()["turn_id"].clone();
    chat.say("Two").await.unwrap();
    assert_eq!(rate(json!({ "rating": "down" })).await, 204);
    assert_eq!(rate(json!({ "rating": "up" })).await, 204);
    assert_eq!(rate(json!({ "rating": "down", "turn_id": turn })).await, 204);
    assert_eq!(
        counts(&server, "system", "default").await,
        json!({ "shown": 2, "answered": 2, "up": 1, "down": 1 })
    );

    assert_eq!(rate(json!({ "rating": "none", "turn_id": turn })).await, 204);
    chat.run_tool("solved", &json!({})).await.unwrap();
    chat.turn().await.unwrap();
    assert_eq!(
        counts(&server, "system", "default").await,
        json!({ "shown": 2, "answered": 2, "outcomes": { "solved": 1 } })
    );
    assert_eq!(rate(json!({ "rating": "great" })).await, 422);
    assert_eq!(rate(json!({ "rating": "up", "turn": 1 })).await, 422);
    let foreign = post(&other, &path(&who, "/feedback"), &json!({ "rating": "up" })).await;
    assert_eq!(foreign.0, 404, "{foreign:?}");
}

#[tokio::test]
async fn only_who_may_see_bots_sees_prompts() {
    let house = House::new().bot(cake);
    let server = house.open().await;
    let visitor = server.visitor();
    let person = Visitor {
        token: format!("person_{}", PersonId::new()),
        ..server.visitor()
    };
    let operator = operator(&server);

    for path in ["", "/system/versions", "/system/versions/system-1"] {
        let path = format!("/api/prompts/default{path}");
        assert_eq!(get(&visitor, &path).await.0, 403);
        assert_eq!(get(&person, &path).await.0, 403);
    }
    assert_eq!(get(&operator, "/api/prompts/nobody").await.0, 404);
    assert_eq!(get(&operator, "/api/prompts/default/none/versions").await.0, 404);
    assert_eq!(get(&operator, "/api/prompts/default/system/versions/none").await.0, 404);
    assert_eq!(
        get(&operator, "/api/prompts/default/system/versions?limit=0").await.0,
        422
    );
    let (status, page) = get(&operator, "/api/prompts/default/system/versions").await;
    assert_eq!((status, page), (200, json!({ "items": [] })));
}

#[tokio::test]
async fn a_conversation_chooses_its_model_among_those_that_there_are() {
    let (fast, slow) = (
        ScriptedModel::answering(|_| Reply::text(["fast"])),
        ScriptedModel::answering(|_| Reply::text(["slow"])),
    );
    let house = House::new()
        .bot(|bot| {
            let mut hinted = Prompt::clone(&prompt("fast", &[("default", 1, "You are fast.")]));
            hinted.hints.model = Some("fast".to_owned());
            let mut lost = Prompt::clone(&prompt("lost", &[("default", 1, "You are lost.")]));
            lost.hints.model = Some("gone".to_owned());
            bot.prompts = vec![Arc::new(hinted), Arc::new(lost)];
        })
        .tool("fast", [], [call("USE PROMPT", [("name", "fast")], "x")])
        .tool("lost", [], [call("USE PROMPT", [("name", "lost")], "x")])
        .model(&slow.clone().or("fast", &fast));
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();

    let mut said = vec![chat.say("Hello").await.unwrap().text()];
    for tool in ["fast", "lost"] {
        chat.run_tool(tool, &json!({})).await.unwrap();
        chat.turn().await.unwrap();
        said.push(chat.say("Hello").await.unwrap().text());
    }

    assert_eq!(said, ["slow", "fast", "slow"]);
}
