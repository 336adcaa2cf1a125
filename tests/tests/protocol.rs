//! The chat protocol of the real server, with bots in the real language.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

use botserver_tests::client::{Chat, PATIENCE, Visitor};
use botserver_tests::model::Model;
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup, http_client};
use serde_json::{Value, json};

/// A tool that asks three times, in a FOR inside a SUB.
const ORDER: &str = r#"
PARAM tea AS STRING LIKE "green" DESCRIPTION "Which tea"
DESCRIPTION "Takes an order"

SUB ask(what)
  FOR i = 1 TO 3
    HEAR answer AS TEXT WITH "${what} ${i}?"
    answers = answers + answer + ";"
  NEXT
END SUB

answers = ""
CALL ask("Guest")
RETURN "${tea} for ${answers}"
"#;

const START: &str = r#"
TALK "Welcome"
ADD SUGGESTION "hours" AS "Opening hours"
HEAR day AS DATE WITH "Which day?"
TALK "See you on ${day}"
"#;

async fn get(who: &Visitor, path: &str) -> (u16, Value) {
    let request = http_client()
        .unwrap()
        .get(format!("{}{path}", who.server))
        .bearer_auth(&who.token);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

/// What the log says was said, by whom.
async fn said(who: &Visitor) -> Vec<String> {
    let (status, page) = get(who, &format!("/api/chat/{}/events?limit=200", who.session_id)).await;
    assert_eq!(status, 200, "{page}");
    let items = page["items"].as_array().unwrap().iter();
    let said = items.filter_map(|item| {
        let content = item["payload"]["content"].as_str()?;
        let sign = if item["kind"] == "user_message" { '>' } else { '<' };
        Some(format!("{sign} {content}"))
    });
    said.collect()
}

/// What the bot says in the next turn.
async fn texts(chat: &mut Chat) -> Vec<String> {
    let turn = chat.turn().await.unwrap();
    turn.texts().into_iter().map(str::to_owned).collect()
}

async fn with_model(packages: &Packages, model: &Model) -> Server {
    Setup::new().bots(packages.path()).model(model).start().await.unwrap()
}

#[tokio::test]
async fn a_dialog_deep_in_a_tool_survives_kill_9_and_an_edit_with_its_variables() {
    let packages = Packages::new();
    packages.script("shop", "order", ORDER);
    let model = Model::start().await.unwrap();
    let mut server = with_model(&packages, &model).await;
    let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();

    let first = chat.say("call:order{\"tea\":\"green\"}").await.unwrap();
    assert_eq!(first.texts(), ["Guest 1?"]);
    for (answer, question) in [("Ann", "Guest 2?"), ("Bob", "Guest 3?")] {
        server.kill().unwrap();
        packages.script(
            "shop",
            "order",
            &ORDER.replace("Guest", "Edited").replace("1 TO 3", "1 TO 9"),
        );
        server.restart().await.unwrap();
        let mut chat = who.resume(i64::MAX).await.unwrap();
        let hello = chat.next_frame().await.unwrap();
        assert!(hello.input.is_some(), "{hello:?}");

        assert_eq!(chat.say(answer).await.unwrap().texts(), [question]);
    }
    server.kill().unwrap();
    server.restart().await.unwrap();
    let mut chat = who.resume(i64::MAX).await.unwrap();
    let last = chat.say("Cid").await.unwrap();
    let again = chat.say("call:order{\"tea\":\"black\"}").await.unwrap();

    assert_eq!(last.texts().len(), 1, "{last:?}");
    assert!(last.text().contains("green for Ann;Bob;Cid;"), "{last:?}");
    assert_eq!(again.texts(), ["Edited 1?"]);
    let lines = said(&who).await;
    let answers: Vec<_> = lines
        .iter()
        .filter(|line| ["> Ann", "> Bob", "> Cid"].contains(&line.as_str()))
        .collect();
    assert_eq!(answers, ["> Ann", "> Bob", "> Cid"]);
}

#[tokio::test]
async fn a_greeting_asks_for_a_day_and_takes_no_other_answer() {
    let packages = Packages::of_start("shop", START);
    let server = Setup::new().bots(packages.path()).start().await.unwrap();
    let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();

    let greeting = chat.turn().await.unwrap();
    let wrong = chat.say("some day").await.unwrap();
    let right = chat.say("2030-12-24").await.unwrap();

    assert_eq!(greeting.texts(), ["Welcome", "Which day?"]);
    let end = greeting.completion().unwrap();
    assert_eq!(end.input.as_ref().unwrap().kind.name(), "date");
    assert_eq!(end.suggestions[0].text, "Opening hours");
    assert!(wrong.completion().unwrap().input.is_some(), "{wrong:?}");
    assert_eq!(right.texts(), ["See you on 2030-12-24"]);
    assert!(right.completion().unwrap().input.is_none());
    let lines = said(&who).await;
    assert_eq!(
        (lines[0].as_str(), lines.last().unwrap().as_str()),
        ("< Welcome", "< See you on 2030-12-24")
    );
}

#[tokio::test]
async fn an_answer_streams_stops_and_comes_whole_to_whoever_is_late() {
    let packages = Packages::of_start("shop", "TALK \"Welcome\"");
    let model = Model::start().await.unwrap();
    let server = with_model(&packages, &model).await;
    let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.turn().await.unwrap();

    let turn = chat.say("say:one two three four five six").await.unwrap();
    let long = "one two three four five six ".repeat(50);
    chat.send(&format!("say:{long}\nmock:pause=100")).await.unwrap();
    while chat.next_frame().await.unwrap().stream_token.is_none() {}
    let mut late = who.resume(i64::MAX).await.unwrap();
    while late.next_frame().await.unwrap().stream_token.is_none() {}
    late.stop().await.unwrap();
    let stopped = late.turn().await.unwrap();

    assert_eq!(turn.texts(), ["one two three four five six"]);
    assert!(turn.said[0].pieces > 1 && turn.said[0].is_complete, "{turn:?}");
    let end = stopped
        .frames
        .iter()
        .find(|frame| frame.is_complete && frame.stream_token.is_some())
        .unwrap();
    assert_eq!(end.data.as_ref().unwrap()["stopped"], true);
    model.wait_cancelled(1, PATIENCE).await.unwrap();
    let lines = said(&who).await;
    assert!(
        lines.last().unwrap().starts_with("< one") && lines.last().unwrap().len() < long.len(),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_repeated_message_is_one_turn_even_after_kill_9() {
    let packages = Packages::of_start("shop", "DO\n  HEAR said\n  TALK \"Heard ${said}\"\nLOOP");
    let mut server = Setup::new().bots(packages.path()).start().await.unwrap();
    let (who, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.turn().await.unwrap();

    chat.send_as("m-1", "hello").await.unwrap();
    let first = chat.turn().await.unwrap();
    chat.send_as("m-1", "hello").await.unwrap();
    let again = chat.turn().await.unwrap();
    server.kill().unwrap();
    server.restart().await.unwrap();
    let mut chat = who.resume(i64::MAX).await.unwrap();
    chat.send_as("m-1", "hello").await.unwrap();
    let later = chat.turn().await.unwrap();

    for turn in [&first, &again, &later] {
        assert_eq!(turn.texts(), ["Heard hello"]);
        assert_eq!(turn.completion().unwrap().seq, first.completion().unwrap().seq);
    }
    assert_eq!(said(&who).await, ["> hello", "< Heard hello"]);
}

#[tokio::test]
async fn a_model_that_breaks_is_excused_in_the_log_and_the_next_answer_comes() {
    let packages = Packages::of_start("shop", "TALK \"Welcome\"");
    let model = Model::start().await.unwrap();
    let server = with_model(&packages, &model).await;
    let (_, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.turn().await.unwrap();

    let refused = chat.say("mock:status=401").await.unwrap();
    let cut = chat.say("say:half of this answer\nmock:cut").await.unwrap();
    let well = chat.say("say:well").await.unwrap();

    assert_eq!(
        refused.texts(),
        ["I cannot answer right now. Please try again in a moment."]
    );
    assert!(cut.is_completed() && cut.texts().len() == 1, "{cut:?}");
    assert_eq!(well.texts(), ["well"]);
}

#[tokio::test]
async fn somebody_elses_conversation_is_not_there() {
    let packages = Packages::of_start("shop", "TALK \"Welcome\"");
    let server = Setup::new().bots(packages.path()).start().await.unwrap();
    let (owner, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();
    chat.turn().await.unwrap();
    let other = Visitor::arrive(&server.url(), "shop").await.unwrap();
    let thief = Visitor {
        session_id: owner.session_id.clone(),
        ..other.clone()
    };

    let (there, problem) = get(&thief, &format!("/api/chat/{}/events", owner.session_id)).await;
    let (absent, same) = get(&thief, "/api/chat/01890a5d-ac96-774b-bcce-b302099a8057/events").await;
    let refused = thief.connect().await.unwrap_err().to_string();

    assert_eq!((there, absent, &problem["type"]), (404, 404, &same["type"]));
    assert!(refused.contains("404"), "{refused}");
    assert_eq!(get(&other, "/api/chat").await.1, json!({ "items": [] }));
}

#[tokio::test]
async fn a_script_reaches_the_values_and_the_ear_of_another_conversation_of_its_bot_alone() {
    let packages = Packages::new();
    packages.script(
        "desk",
        "note",
        "PARAM id AS STRING\nSET SESSION id, \"table\", 7\nTALK GET SESSION id, \"table\"\n\
         SEND TO SESSION id, \"Your table is ready\"\nSET SESSION \"mine\", 1\nTALK \"mine ${session.mine}\"",
    );
    packages.script("desk", "look", "TALK \"table ${session.table}\"");
    packages.script(
        "other",
        "spy",
        "PARAM id AS STRING\nTRY\n  TALK GET SESSION id, \"table\"\nCATCH problem\n  TALK problem.message\nEND TRY",
    );
    let server = Setup::new().bots(packages.path()).start().await.unwrap();
    let (_, mut waiter) = Chat::start(&server.url(), "desk").await.unwrap();
    let (guest, mut table) = Chat::start(&server.url(), "desk").await.unwrap();
    let (_, mut stranger) = Chat::start(&server.url(), "other").await.unwrap();
    let run = async |chat: &mut Chat, tool: &str| {
        chat.run_tool(tool, &json!({ "id": guest.session_id })).await.unwrap();
        texts(chat).await
    };
    run(&mut table, "look").await;

    let noted = run(&mut waiter, "note").await;
    let told = loop {
        let said = texts(&mut table).await;
        if !said.is_empty() {
            break said;
        }
    };
    let looked = run(&mut table, "look").await;
    let spied = run(&mut stranger, "spy").await;

    assert_eq!(noted, ["7", "mine 1"]);
    assert_eq!(told, ["Your table is ready"]);
    assert_eq!(looked, ["table 7"]);
    assert_eq!(spied, [format!("this bot has no conversation {}", guest.session_id)]);
}

#[tokio::test]
async fn the_model_reads_a_text_into_the_columns_of_a_table() {
    let packages = Packages::new();
    packages.script(
        "shop",
        "note",
        "SAVE FROM UNSTRUCTURED \"orders\", \"say:Here: {\\\"item\\\": \\\"tea\\\", \\\"amount\\\": 2}\"\n\
         order = FIND \"orders\"\nTALK \"${order.amount} ${order.item}\"",
    );
    let model = Model::start().await.unwrap();
    let server = with_model(&packages, &model).await;
    let (_, mut chat) = Chat::start(&server.url(), "shop").await.unwrap();

    chat.run_tool("note", &json!({})).await.unwrap();

    assert_eq!(texts(&mut chat).await, ["2 tea"]);
}
