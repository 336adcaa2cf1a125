//! A server that dies in the middle of a turn, and the one after it.

use botlib::wire::InputKind;
use botserver_llm::scripted::{Reply, ScriptedModel};
use botserver_tests::client::Visitor;
use serde_json::json;

use crate::support::{
    House, Server,
    dialogs::{Op, call, give, hear, hear_as, say},
    log, path, post, short,
};

/// Waits until the log of a conversation has so many lines.
async fn lines(who: &Visitor, server: &Server, count: usize) -> Vec<String> {
    let who = who.at(&server.url);
    for _ in 0..6000 {
        let lines = short(&log(&who).await);
        if lines.len() >= count {
            return lines;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:?}", log(&who).await)
}

#[tokio::test]
async fn a_turn_that_was_cut_off_outside_goes_on_under_the_same_key() {
    let ops = [
        say("Sending"),
        call("PROBE", [("text", "order for ${user.message}")], "done"),
        say("Sent ${done}"),
        hear("next"),
        say("Next ${next}"),
    ];
    let house = House::new()
        .script("start", ops)
        .bot(|bot| bot.start_wants_message = true);
    house.probe.hang(true);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.send_as("m", "Ann").await.unwrap();
    house.probe.wait_called(1).await;
    server.kill();

    house.probe.hang(false);
    let server = house.open().await;
    let calls = house.probe.wait_called(2).await;

    assert_eq!(calls[0], calls[1]);
    let expected = ["> Ann", "< Sending", "< Sent [order for Ann]", "turn_completed"];
    assert_eq!(lines(&who, &server, 4).await, expected);
    let mut chat = who.at(&server.url).connect().await.unwrap();
    chat.turn().await.unwrap();
    // Whoever has not heard sends again, and gets the answer that there is.
    chat.send_as("m", "Ann").await.unwrap();
    assert_eq!(chat.turn().await.unwrap().texts(), ["Sending", "Sent [order for Ann]"]);
    assert_eq!(chat.say("b").await.unwrap().texts(), ["Next b"]);
    assert_eq!(house.probe.calls().len(), 2);
}

#[tokio::test]
async fn whoever_writes_before_the_recovery_finds_the_turn_finished_first() {
    let house = House::new().script(
        "start",
        [
            hear("x"),
            call("PROBE", [("text", "${x}")], "y"),
            say("Did ${y}"),
            hear("z"),
            say("Then ${z}"),
        ],
    );
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    house.probe.hang(true);
    chat.send("a").await.unwrap();
    house.probe.wait_called(1).await;
    server.kill();

    house.probe.hang(false);
    let server = house.open().await;
    let (status, turn) = post(
        &who.at(&server.url),
        &path(&who, "/messages"),
        &json!({ "content": "b" }),
    )
    .await;

    assert_eq!(status, 201, "{turn}");
    let expected = [
        "turn_completed",
        "> a",
        "< Did [a]",
        "turn_completed",
        "> b",
        "< Then b",
        "turn_completed",
    ];
    assert_eq!(lines(&who, &server, 7).await, expected);
}

#[tokio::test]
async fn a_model_that_was_cut_off_is_asked_again() {
    let model = ScriptedModel::new([Reply::text(["Half "]).then_hang(), Reply::text(["Whole."])]);
    let house = House::new().model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.send("Hi").await.unwrap();
    while chat.next_frame().await.unwrap().content != "Half " {}
    server.kill();

    let server = house.open().await;

    assert_eq!(lines(&who, &server, 3).await, ["> Hi", "< Whole.", "turn_completed"]);
    let asked = model.asked();
    assert_eq!(asked[0], asked[1]);
}

#[tokio::test]
async fn a_first_message_is_answered_although_the_greeting_was_cut_off() {
    let model = ScriptedModel::new([Reply::text(["Gladly."])]);
    let house = House::new()
        .script("start", [call("PROBE", [("text", "x")], "_"), say("Welcome")])
        .model(&model)
        .bot(|bot| bot.start_wants_message = false);
    house.probe.hang(true);
    let server = house.open().await;
    let who = server.visitor();
    let messages = path(&who, "/messages");
    let hello = json!({ "content": "Tea please" });
    let sending = post(&who, &messages, &hello);
    let waiting = house.probe.wait_called(1);
    tokio::select! { _ = sending => panic!("answered"), _ = waiting => {} }
    server.kill();

    house.probe.hang(false);
    let server = house.open().await;

    assert_eq!(
        lines(&who, &server, 4).await,
        ["> Tea please", "< Welcome", "< Gladly.", "turn_completed"]
    );
}

#[tokio::test]
async fn a_tool_that_asks_survives_a_restart_and_a_change_of_its_script() {
    let model = ScriptedModel::new([Reply::call("order", r#"{"tea":"green"}"#), Reply::text(["Ordered."])]);
    let ops = [
        Op::Run("ask".to_owned(), "count".to_owned()),
        give("${count} of ${tea}"),
    ];
    let ask = [
        hear("one"),
        Op::Loop("n".to_owned(), 2, 0),
        hear_as(InputKind::Integer, "two"),
        give("${one}+${two}"),
    ];
    let house = House::new()
        .tool("order", ["tea"], ops)
        .script("ask", ask)
        .model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.say("Tea").await.unwrap();
    chat.say("first").await.unwrap();
    server.kill();

    house.scripts.0.lock().insert("ask".to_owned(), vec![Op::Panic]);
    house.scripts.0.lock().insert("order".to_owned(), vec![Op::Panic]);
    let server = house.open().await;
    let mut chat = who.at(&server.url).connect().await.unwrap();
    for _ in 0..2 {
        chat.turn().await.unwrap();
    }
    let third = chat.say("second").await.unwrap();
    let answer = chat.say("3").await.unwrap();

    assert!(third.completion().unwrap().input.is_some());
    assert_eq!(answer.texts(), ["Ordered."]);
    let told = format!("{:?}", model.asked()[1].messages.last().unwrap());
    assert!(told.contains("second+3 of green"), "{told}");
}

#[tokio::test]
async fn recovery_works_in_the_name_of_the_person_whose_turn_it_was() {
    let house = House::new().script("start", [hear("x"), call("PROBE", [("text", "${x}")], "_")]);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    house.probe.hang(true);
    chat.send("a").await.unwrap();
    house.probe.wait_called(1).await;
    server.kill();

    house.probe.hang(false);
    let server = house.open().await;
    let calls = house.probe.wait_called(2).await;
    lines(&who, &server, 3).await;

    assert_eq!(calls[0].subject, calls[1].subject);
}

#[tokio::test]
async fn a_state_that_cannot_be_read_holds_nobody_else_up() {
    let house = House::new().script(
        "start",
        [hear("x"), call("PROBE", [("text", "${x}")], "y"), say("Did ${y}")],
    );
    let server = house.open().await;
    let (damaged, whole) = (server.visitor(), server.visitor());
    house.probe.hang(true);
    for who in [&damaged, &whole] {
        let mut chat = who.connect().await.unwrap();
        chat.turn().await.unwrap();
        chat.send("a").await.unwrap();
    }
    house.probe.wait_called(2).await;
    crate::support::damage(&server, &damaged).await;
    server.kill();

    house.probe.hang(false);
    let server = house.open().await;

    assert_eq!(lines(&whole, &server, 4).await[2], "< Did [a]");
}
