//! The model calls tools, and gets what they give back.

use botserver_llm::scripted::{Reply, ScriptedModel};
use botstate::{
    dialog::Settings,
    model::{ChatMessage, ChatRequest},
};
use serde_json::json;

use crate::support::{
    House,
    dialogs::{Op, call, give, hear, say},
    log, short,
};

/// The results of tools that a request holds, with the ids of their calls.
fn results(request: &ChatRequest) -> Vec<(String, String)> {
    let results = request.messages.iter().filter_map(|message| match message {
        ChatMessage::Tool { call_id, content } => Some((call_id.clone(), content.clone())),
        _ => None,
    });
    results.collect()
}

fn pair(id: &str, content: &str) -> (String, String) {
    (id.to_owned(), content.to_owned())
}

#[tokio::test]
async fn a_tool_gets_its_arguments_and_the_model_its_result() {
    let model = ScriptedModel::new([
        Reply::call("price", r#"{"tea":"green"}"#),
        Reply::text(["It costs ", "three."]),
    ]);
    let house = House::new()
        .tool("price", ["tea"], [give("3 for ${tea}")])
        .model(&model);
    let server = house.open().await;
    let who = server.visitor();

    let turn = who.connect().await.unwrap().say("How much?").await.unwrap();

    assert_eq!(turn.texts(), ["It costs three."]);
    let asked = model.asked();
    assert_eq!(asked[0].tools.len(), 1);
    assert_eq!(results(&asked[1]), [pair("call_1", "\"3 for green\"")]);
    let ChatMessage::Assistant { calls, .. } = &asked[1].messages[2] else {
        panic!("{asked:?}")
    };
    assert_eq!(calls[0].arguments, r#"{"tea":"green"}"#);
    assert_eq!(
        short(&log(&who).await),
        ["> How much?", "< It costs three.", "turn_completed"]
    );
}

#[tokio::test]
async fn calls_of_one_round_are_all_answered_before_the_model_goes_on() {
    let calls = Reply::call("price", r#"{"tea":"green"}"#)
        .then_call("price", r#"{"tea":"black"}"#)
        .then_call("stock", "");
    let model = ScriptedModel::new([calls, Reply::text(["Done."])]);
    let house = House::new()
        .tool("price", ["tea"], [say("Looking up ${tea}"), give("3 for ${tea}")])
        .tool("stock", [], [])
        .model(&model);
    let server = house.open().await;

    let turn = server.visitor().connect().await.unwrap().say("?").await.unwrap();

    assert_eq!(turn.texts(), ["Looking up green", "Looking up black", "Done."]);
    assert_eq!(
        results(&model.asked()[1]),
        [
            pair("call_1", r#"{"result":"3 for green","said":["Looking up green"]}"#),
            pair("call_2", r#"{"result":"3 for black","said":["Looking up black"]}"#),
            pair("call_3", "done"),
        ]
    );
}

#[tokio::test]
async fn wrong_calls_are_explained_to_the_model() {
    let model = ScriptedModel::new([
        Reply::call("prise", "{}"),
        Reply::call("price", "{}"),
        Reply::call("price", "{oops"),
        Reply::call("price", "[]"),
        Reply::call("fails", "{}"),
        Reply::text(["Sorry."]),
    ]);
    let house = House::new()
        .tool("price", ["tea"], [give("3")])
        .tool("fails", [], [Op::Fail("out of tea".to_owned())])
        .model(&model);
    let server = house.open().await;
    let who = server.visitor();

    let turn = who.connect().await.unwrap().say("?").await.unwrap();

    assert_eq!(turn.texts(), ["Sorry."]);
    let told: Vec<_> = results(&model.asked()[5]).into_iter().map(|(_, text)| text).collect();
    assert_eq!(told[0], "error: there is no tool prise; there are price, fails");
    assert_eq!(told[1], "error: tea is missing");
    assert!(told[2].starts_with("error: the arguments are not JSON"), "{told:?}");
    assert_eq!(told[3], "error: arguments must be an object");
    assert_eq!(told[4], "error: out of tea");
    assert_eq!(short(&log(&who).await), ["> ?", "< Sorry.", "turn_completed"]);
}

#[tokio::test]
async fn a_model_that_never_stops_calling_is_stopped_after_eight_rounds() {
    let model = ScriptedModel::answering(|_| Reply::text(["Hm. "]).then_call("price", "{}"));
    let house = House::new()
        .tool("price", [], [call("PROBE", [("text", "x")], "_")])
        .bot(|bot| bot.settings = Settings::new([("tool-confirm".to_owned(), "never".to_owned())]))
        .model(&model);
    let server = house.open().await;

    let turn = server.visitor().connect().await.unwrap().say("?").await.unwrap();

    assert!(turn.is_completed());
    assert_eq!(house.probe.calls().len(), 8);
    let asked = model.asked();
    assert_eq!((asked.len(), asked[8].tools.len()), (9, 0));
}

#[tokio::test]
async fn a_tool_may_ask_the_person_and_the_model_hears_of_it_afterwards() {
    let model = ScriptedModel::new([
        Reply::call("order", r#"{"tea":"green"}"#).then_call("stock", "{}"),
        Reply::text(["Ordered."]),
        Reply::text(["Bye."]),
    ]);
    let house = House::new()
        .tool(
            "order",
            ["tea"],
            [say("How many?"), hear("count"), give("${count} of ${tea}")],
        )
        .tool("stock", [], [give("12")])
        .model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();

    let asks = chat.say("I want tea").await.unwrap();
    let answer = chat.say("two").await.unwrap();
    let after = chat.say("Thanks").await.unwrap();

    assert_eq!(asks.texts(), ["How many?"]);
    assert!(asks.completion().unwrap().input.is_some());
    assert_eq!(answer.texts(), ["Ordered."]);
    assert_eq!(after.texts(), ["Bye."]);
    assert_eq!(
        results(&model.asked()[1]),
        [
            pair("call_1", r#"{"result":"two of green","said":["How many?"]}"#),
            pair("call_2", "\"12\"")
        ]
    );
    assert_eq!(
        short(&log(&who).await),
        [
            "> I want tea",
            "< How many?",
            "turn_completed",
            "> two",
            "< Ordered.",
            "turn_completed",
            "> Thanks",
            "< Bye.",
            "turn_completed"
        ]
    );
}

#[tokio::test]
async fn a_chip_runs_a_tool_beside_whatever_waits() {
    let house = House::new()
        .script("start", [say("Name?"), hear("name"), say("Hello ${name}")])
        .script("hours", [say("Open until ${day}"), give("18")]);
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.turn().await.unwrap();

    chat.run_tool("hours.bas", &json!({ "day": "six" })).await.unwrap();
    let hours = chat.turn().await.unwrap();
    let name = chat.say("Ann").await.unwrap();

    assert_eq!(hours.texts(), ["Open until six"]);
    assert!(hours.completion().unwrap().input.is_some());
    assert_eq!(name.texts(), ["Hello Ann"]);
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_refused_to_its_sender_alone() {
    let server = House::new().script("start", [say("Hi")]).open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    let before = log(&who).await;

    for name in ["nothing", "start", "../start", &"x".repeat(60_000)] {
        let id = chat.run_tool(name, &json!({})).await.unwrap();
        let refused = chat.next_frame().await.unwrap();
        let problem = refused.data.unwrap();
        assert_eq!(
            (problem["status"].as_u64(), problem["message_id"].as_str()),
            (Some(404), Some(id.as_str()))
        );
        assert!(refused.content.len() < 200);
    }

    assert_eq!(log(&who).await, before);
}

#[tokio::test]
async fn a_dialog_chooses_the_tools_on_offer() {
    let model = ScriptedModel::new([Reply::text(["Yes."])]);
    let house = House::new()
        .tool("price", [], [])
        .tool("stock", [], [])
        .script("start", [call("ADD TOOL", [("name", "stock.bas")], "_")])
        .model(&model);
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.turn().await.unwrap();

    chat.say("?").await.unwrap();

    let names: Vec<_> = model.asked()[0].tools.iter().map(|tool| tool.name.clone()).collect();
    assert_eq!(names, ["stock"]);
}
