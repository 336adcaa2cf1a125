//! A message that comes twice is answered once.

use botserver_llm::scripted::{Reply, ScriptedModel};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    House,
    dialogs::{call, hear, say},
    log, path, post, short,
};

fn contents(turn: &Value) -> Vec<&str> {
    let frames = turn["frames"].as_array().unwrap();
    frames.iter().map(|frame| frame["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn ten_at_once_and_one_after_a_restart_are_one_turn_with_one_answer() {
    let model = ScriptedModel::new([Reply::text(["Yes."])]);
    let house = House::new().model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let message = json!({ "content": "Hi", "message_id": "m-1" });

    let messages = path(&who, "/messages");
    let answers = join_all((0..10).map(|_| post(&who, &messages, &message))).await;
    server.kill();
    let again = house.open().await;
    let late = post(&who.at(&again.url), &messages, &message).await;

    let first = &answers[0].1;
    let repeats = answers.iter().filter(|(_, turn)| turn["is_repeat"] == true).count();
    assert_eq!(repeats, 9, "{answers:?}");
    for (status, turn) in answers.iter().chain([&late]) {
        assert_eq!(*status, 201, "{turn}");
        assert_eq!(
            (&turn["turn_id"], &turn["frames"]),
            (&first["turn_id"], &first["frames"])
        );
    }
    assert_eq!(contents(first), ["Hi", "Yes.", ""]);
    assert_eq!(model.asked().len(), 1);
    assert_eq!(
        short(&log(&who.at(&again.url)).await),
        ["> Hi", "< Yes.", "turn_completed"]
    );
}

#[tokio::test]
async fn a_repeat_on_a_socket_gets_the_first_answer_again() {
    let house = House::new().script(
        "start",
        [
            say("Name?"),
            hear("name"),
            say("Hello ${name}"),
            hear("age"),
            say("Is ${age}"),
        ],
    );
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    chat.send_as("a", "Ann").await.unwrap();
    let first = chat.turn().await.unwrap();

    chat.send_as("a", "Ann").await.unwrap();
    let again = chat.turn().await.unwrap();
    let next = chat.say("30").await.unwrap();

    let seqs = |turn: &botserver_tests::client::Turn| turn.frames.iter().map(|frame| frame.seq).collect::<Vec<_>>();
    assert_eq!(seqs(&again), seqs(&first));
    assert_eq!(again.texts(), first.texts());
    assert_eq!(next.texts(), ["Is 30"]);
}

#[tokio::test]
async fn a_repeat_reaches_nothing_outside_again() {
    let house = House::new().script(
        "start",
        [
            hear("x"),
            call("PROBE", [("text", "${x}")], "y"),
            say("${y}"),
            hear("z"),
            call("PROBE", [("text", "no")], "_"),
        ],
    );
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();

    for _ in 0..3 {
        chat.send_as("a", "go").await.unwrap();
        assert_eq!(chat.turn().await.unwrap().texts(), ["[go]"]);
    }

    assert_eq!(house.probe.calls().len(), 1);
}

#[tokio::test]
async fn switchers_toggled_twice_under_one_id_are_answered_once() {
    let model = ScriptedModel::new([Reply::text(["First."]), Reply::text(["As a table."])]);
    let server = House::new().model(&model).open().await;
    let who = server.visitor();
    post(&who, &path(&who, "/messages"), &json!({ "content": "Hi" })).await;

    let toggle = json!({ "message_type": 8, "active_switchers": ["tables"], "message_id": "t" });
    let one = post(&who, &path(&who, "/messages"), &toggle).await;
    let two = post(&who, &path(&who, "/messages"), &toggle).await;
    let next = post(
        &who,
        &path(&who, "/messages"),
        &json!({ "message_type": 0, "content": "end" }),
    )
    .await;

    assert_eq!((one.0, two.0, next.0), (201, 201, 201), "{one:?} {two:?}");
    assert_eq!(two.1["is_repeat"], true);
    assert_eq!(one.1["frames"], two.1["frames"]);
    assert_eq!(model.asked().len(), 2);
    let said: Vec<_> = short(&log(&who).await)
        .into_iter()
        .filter(|line| line.starts_with('<'))
        .collect();
    assert_eq!(said, ["< First.", "< As a table."]);
}

#[tokio::test]
async fn the_same_id_in_two_conversations_is_two_messages() {
    let server = House::new().open().await;
    let message = json!({ "content": "Hi", "message_id": "m-1" });
    for who in [server.visitor(), server.visitor()] {
        let (status, turn) = post(&who, &path(&who, "/messages"), &message).await;
        assert_eq!((status, &turn["is_repeat"]), (201, &json!(false)));
    }
}
