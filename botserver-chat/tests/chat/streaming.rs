//! Answers that come in pieces.

use std::time::Duration;

use botlib::wire::ServerFrame;
use botserver_llm::scripted::{Reply, ScriptedModel};
use botstate::model::ModelError;

use crate::support::{House, dialogs::call, log, short};

const PAUSE: Duration = Duration::from_millis(30);

fn is_final(frame: &ServerFrame) -> bool {
    frame.stream_token.is_some() && frame.is_complete
}

#[tokio::test]
async fn an_answer_comes_in_pieces_with_offsets_and_one_empty_end() {
    let model = ScriptedModel::new([Reply::text(["Olá, ", "wör", "ld"]).usage(10, 3)]);
    let server = House::new().model(&model).open().await;
    let who = server.visitor();

    let turn = who.connect().await.unwrap().say("Hi").await.unwrap();

    let pieces: Vec<_> = turn
        .frames
        .iter()
        .filter(|frame| frame.stream_token.is_some() && !frame.is_complete)
        .map(|frame| (frame.content.as_str(), frame.offset, frame.seq))
        .collect();
    assert_eq!(
        pieces,
        [("Olá, ", Some(0), None), ("wör", Some(6), None), ("ld", Some(10), None)]
    );
    let ends: Vec<_> = turn.frames.iter().filter(|frame| is_final(frame)).collect();
    assert_eq!((ends.len(), ends[0].content.as_str()), (1, ""));
    assert!(ends[0].seq.is_some());
    assert_eq!(turn.texts(), ["Olá, wörld"]);
    assert_eq!(turn.completion().unwrap().context_length, 13);
    assert_eq!(short(&log(&who).await)[1], "< Olá, wörld");
}

#[tokio::test]
async fn whoever_comes_late_has_the_whole_answer_all_the_same() {
    let model = ScriptedModel::new([Reply::text(["one ", "two ", "three ", "four"]).pause(PAUSE)]);
    let server = House::new().model(&model).open().await;
    let who = server.visitor();
    let mut first = who.connect().await.unwrap();
    first.send("Hi").await.unwrap();
    while first.next_frame().await.unwrap().stream_token.is_none() {}

    let mut late = who.connect().await.unwrap();
    let seen = late.turn().await.unwrap();

    assert_eq!(seen.texts(), ["one two three four"]);
    assert!(seen.said[0].is_complete);
    assert_eq!(seen.frames.iter().filter(|frame| is_final(frame)).count(), 1);
    let mut after = who.connect().await.unwrap();
    let whole = after.turn().await.unwrap();
    assert_eq!(
        whole.frames.iter().find(|frame| is_final(frame)).unwrap().content,
        "one two three four"
    );
    assert_eq!((whole.texts(), whole.said[0].pieces), (seen.texts(), 0));
}

#[tokio::test]
async fn many_who_come_at_any_time_see_each_message_end_once_with_nothing_after_it() {
    let model = ScriptedModel::answering(|_| Reply::text(vec!["word "; 8]).pause(Duration::from_millis(2)));
    let server = House::new().model(&model).open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();

    let mut watching = Vec::new();
    for round in 0..6 {
        chat.send("Hi").await.unwrap();
        for step in 0..8 {
            let (who, pause) = (who.clone(), Duration::from_millis(3 * step + round));
            watching.push(async move {
                tokio::time::sleep(pause).await;
                let mut chat = who.connect().await.unwrap();
                let mut turn = chat.turn().await.unwrap();
                while turn
                    .frames
                    .iter()
                    .filter(|frame| frame.kind.as_deref() == Some("turn_completed"))
                    .count()
                    <= usize::try_from(round).unwrap()
                {
                    turn.add(chat.next_frame().await.unwrap()).unwrap();
                }
                turn
            });
        }
        let turns = futures::future::join_all(watching.drain(..)).await;
        for turn in turns {
            assert!(
                turn.said
                    .iter()
                    .all(|said| said.is_complete && said.text == "word ".repeat(8)),
                "{turn:?}"
            );
        }
        while !chat.turn().await.unwrap().is_completed() {}
    }
}

#[tokio::test]
async fn a_stopped_answer_keeps_what_was_said_and_is_marked() {
    let model = ScriptedModel::new([Reply::text(["Once ", "upon"]).then_hang(), Reply::text(["Yes?"])]);
    let server = House::new().model(&model).open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.send("Tell").await.unwrap();
    while chat.next_frame().await.unwrap().content != "upon" {}

    chat.stop().await.unwrap();
    let rest = chat.turn().await.unwrap();

    let end = rest.frames.iter().find(|frame| is_final(frame)).unwrap();
    assert_eq!(end.data.as_ref().unwrap()["stopped"], true);
    let entries = log(&who).await;
    assert_eq!(short(&entries), ["> Tell", "< Once upon", "turn_completed"]);
    assert_eq!(entries[1]["payload"]["stopped"], true);
    assert_eq!((model.under_way(), model.given_up()), (0, 1));
    assert_eq!(chat.say("Hello?").await.unwrap().texts(), ["Yes?"]);
}

#[tokio::test]
async fn stopping_before_the_first_word_or_when_nothing_runs_is_quiet() {
    let model = ScriptedModel::new([Reply::hang(), Reply::text(["Yes?"])]);
    let server = House::new().model(&model).open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.stop().await.unwrap();
    chat.send("Tell").await.unwrap();
    model.wait_asked(1).await;

    chat.stop().await.unwrap();
    let turn = chat.turn().await.unwrap();
    chat.stop().await.unwrap();

    assert!(turn.texts().is_empty());
    assert_eq!(chat.say("Hello?").await.unwrap().texts(), ["Yes?"]);
    assert_eq!(
        short(&log(&who).await),
        ["> Tell", "turn_completed", "> Hello?", "< Yes?", "turn_completed"]
    );
}

#[tokio::test]
async fn stopping_while_a_tool_works_asks_the_model_nothing_more() {
    let model = ScriptedModel::new([Reply::call("slow", "{}").then_call("slow", "{}")]);
    let house = House::new()
        .tool("slow", [], [call("WAIT", [("seconds", "60")], "_")])
        .model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.send("Go").await.unwrap();
    // One while the model is asked, one while the tool waits.
    let mut thoughts = 0;
    while thoughts < 2 {
        thoughts += usize::from(chat.next_frame().await.unwrap().thinking == Some(true));
    }

    chat.stop().await.unwrap();
    let turn = chat.turn().await.unwrap();

    assert!(turn.texts().is_empty(), "{turn:?}");
    assert_eq!(model.asked().len(), 1);
    assert_eq!(short(&log(&who).await), ["> Go", "turn_completed"]);
}

#[tokio::test]
async fn an_answer_that_breaks_off_keeps_what_was_said() {
    let error = ModelError::Unreachable {
        url: "x".to_owned(),
        reason: "reset".to_owned(),
    };
    let model = ScriptedModel::new([
        Reply::text(["Half"]).then_error(error.clone()),
        Reply::text(["\n"]).then_error(error),
    ]);
    let server = House::new().model(&model).open().await;
    let mut chat = server.visitor().connect().await.unwrap();

    let half = chat.say("Hi").await.unwrap();
    let none = chat.say("Hi").await.unwrap();

    assert_eq!(half.texts(), ["Half"]);
    assert_eq!(
        half.frames
            .iter()
            .find(|frame| is_final(frame))
            .unwrap()
            .data
            .as_ref()
            .unwrap()["stopped"],
        true
    );
    assert_eq!(
        none.texts(),
        ["I cannot answer right now. Please try again in a moment."]
    );
}

#[tokio::test]
async fn white_space_before_a_call_is_no_message() {
    let model = ScriptedModel::new([
        Reply::text(["\n", "\n"]).then_call("stock", "{}"),
        Reply::text(["\n", "12"]),
    ]);
    let server = House::new().tool("stock", [], []).model(&model).open().await;

    let turn = server.visitor().connect().await.unwrap().say("Hi").await.unwrap();

    assert_eq!((turn.said.len(), turn.texts()), (1, vec!["\n12"]));
    assert!(turn.said[0].is_complete);
}
