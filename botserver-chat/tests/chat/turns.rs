//! What a turn brings about, and in which order.

use botlib::wire::{InputKind, InputSpec, ServerFrame};
use botserver_llm::scripted::{Reply, ScriptedModel};
use botserver_tests::client::Message;
use botstate::{dialog::Settings, model::ModelError};
use serde_json::json;

use crate::support::{
    House,
    dialogs::{Op, call, give, hear, hear_as, say, try_call},
    log, path, post, short,
};

/// A frame in one line.
fn line(frame: &ServerFrame) -> String {
    let kind = frame.kind.as_deref().unwrap_or(if frame.thinking == Some(true) {
        "thinking"
    } else {
        "said"
    });
    let input = frame.input.as_ref().map(|input| format!(" asks {}", input.kind.name()));
    let chips: Vec<_> = frame.suggestions.iter().map(|chip| chip.text.as_str()).collect();
    let chips = if chips.is_empty() {
        String::new()
    } else {
        format!(" offers {}", chips.join(", "))
    };
    let data = frame.data.as_ref().map(|data| format!(" {data}")).unwrap_or_default();
    let seq = frame.seq.map(|seq| format!("{seq} ")).unwrap_or_default();
    format!(
        "{seq}{kind} {:?}{}{chips}{data}",
        frame.content,
        input.unwrap_or_default()
    )
}

fn lines(frames: &[ServerFrame]) -> String {
    frames.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_turn_brings_the_message_then_what_the_bot_says_then_its_end() {
    let house = House::new().script(
        "start",
        [
            say("Welcome"),
            call("ADD SUGGESTION", [("key", "yes"), ("label", "Of course")], "_"),
            hear_as(InputKind::Boolean, "wants"),
            say("You said ${wants}"),
            give("${wants}!"),
        ],
    );
    let server = house.open().await;
    let who = server.visitor();

    let mut chat = who.connect().await.unwrap();
    let greeting = chat.turn().await.unwrap();
    chat.send_as("m1", "yes").await.unwrap();
    let answer = chat.turn().await.unwrap();

    insta::assert_snapshot!(lines(&greeting.frames), @r#"
    0 connected "" {"tools":[]}
    1 said "Welcome" offers Of course
    2 turn_completed "" asks boolean offers Of course
    "#);
    insta::assert_snapshot!(lines(&answer.frames), @r#"
    3 user_message "yes" {"message_id":"m1"}
    4 said "You said yes" offers Of course
    5 turn_completed "" offers Of course "yes!"
    "#);
    let turns: Vec<_> = answer.frames.iter().map(|frame| frame.turn_id.clone()).collect();
    assert!(
        turns[0].is_some() && turns.iter().all(|turn| *turn == turns[0]),
        "{turns:?}"
    );
    assert_eq!(answer.frames[0].session_id, who.session_id);
}

#[tokio::test]
async fn whoever_comes_back_is_told_what_the_bot_waits_for() {
    let spec = InputSpec {
        kind: InputKind::Menu,
        options: vec!["Tea".to_owned(), "Coffee".to_owned()],
        ..InputSpec::default()
    };
    let house = House::new().script("start", [Op::Hear(spec.clone(), "drink".to_owned()), say("${drink}!")]);
    let server = house.open().await;
    let who = server.visitor();
    let first = who.connect().await.unwrap().turn().await.unwrap();

    let mut chat = who.resume(1).await.unwrap();
    let hello = chat.next_frame().await.unwrap();

    assert_eq!(first.completion().unwrap().input, Some(spec.clone()));
    assert_eq!((hello.kind.as_deref(), hello.input), (Some("connected"), Some(spec)));
    assert_eq!(chat.say("Tea").await.unwrap().texts(), ["Tea!"]);
}

#[tokio::test]
async fn a_greeting_happens_once_whoever_connects_and_however_often() {
    let house = House::new().script("start", [say("Welcome")]);
    let server = house.open().await;
    let who = server.visitor();

    let mut tabs = Vec::new();
    for _ in 0..5 {
        tabs.push(who.connect().await.unwrap());
    }
    for tab in &mut tabs {
        assert_eq!(tab.turn().await.unwrap().texts(), ["Welcome"]);
    }
    who.connect().await.unwrap().turn().await.unwrap();

    assert_eq!(short(&log(&who).await), ["< Welcome", "turn_completed"]);
}

#[tokio::test]
async fn a_first_message_is_greeted_and_then_answered() {
    let model = ScriptedModel::new([Reply::text(["Gladly."])]);
    let house = House::new().script("start", [say("Welcome")]).model(&model);
    let server = house.open().await;
    let who = server.visitor();

    let (status, turn) = post(&who, &path(&who, "/messages"), &json!({ "content": "Tea please" })).await;

    assert_eq!(status, 201, "{turn}");
    let entries = log(&who).await;
    assert_eq!(
        short(&entries),
        ["> Tea please", "< Welcome", "< Gladly.", "turn_completed"]
    );
}

#[tokio::test]
async fn a_start_that_asks_keeps_the_first_message_from_the_model() {
    let model = ScriptedModel::new([]);
    let house = House::new()
        .script("start", [say("Name?"), hear("name"), say("Hello ${name}")])
        .model(&model);
    let server = house.open().await;
    let who = server.visitor();

    post(&who, &path(&who, "/messages"), &json!({ "content": "Tea please" })).await;
    post(&who, &path(&who, "/messages"), &json!({ "content": "Ann" })).await;

    assert_eq!(
        short(&log(&who).await),
        [
            "> Tea please",
            "< Name?",
            "turn_completed",
            "> Ann",
            "< Hello Ann",
            "turn_completed"
        ]
    );
    assert!(model.asked().is_empty());
}

#[tokio::test]
async fn a_start_that_reads_the_message_waits_for_it() {
    let house = House::new()
        .script("start", [say("You wrote ${user.message}")])
        .bot(|bot| bot.start_wants_message = true);
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();

    let turn = chat.say("tea").await.unwrap();

    assert_eq!(turn.texts(), ["You wrote tea"]);
}

#[tokio::test]
async fn without_a_model_the_bot_says_so_in_its_language() {
    let rows = [("locale".to_owned(), "pt-BR".to_owned())];
    let houses = [House::new(), House::new().bot(|bot| bot.settings = Settings::new(rows))];
    let mut said = Vec::new();
    for house in &houses {
        let server = house.open().await;
        said.push(
            server
                .visitor()
                .connect()
                .await
                .unwrap()
                .say("Hi")
                .await
                .unwrap()
                .text(),
        );
    }

    assert_eq!(
        said[0],
        "This bot has no language model, so it can only lead its dialogs."
    );
    assert!(said[1].starts_with("Este bot não tem um modelo"), "{said:?}");
}

#[tokio::test]
async fn a_model_that_fails_is_excused_and_the_reason_is_kept_from_visitors() {
    let error = ModelError::Unauthorized {
        url: "https://models.example".to_owned(),
    };
    let model = ScriptedModel::new([Reply::error(error), Reply::text(["Better now."])]);
    let server = House::new().model(&model).open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();

    let failed = chat.say("Hi").await.unwrap();
    let answered = chat.say("Again").await.unwrap();

    assert_eq!(
        failed.texts(),
        ["I cannot answer right now. Please try again in a moment."]
    );
    assert_eq!(answered.texts(), ["Better now."]);
    let entries = log(&who).await;
    assert!(!format!("{entries:?}{:?}", failed.frames).contains("models.example"));
    assert!(entries.iter().all(|entry| entry["kind"] != "fault"), "{entries:?}");
}

#[tokio::test]
async fn a_dialog_that_fails_or_breaks_off_leaves_a_usable_conversation() {
    for last in [
        Op::Fail("no such thing".to_owned()),
        Op::Panic,
        call("BREAK", [], "_"),
        call("NO SUCH KEYWORD", [], "_"),
        call("PROBE", [], "_"),
    ] {
        let breaks = format!("{last:?}");
        let house = House::new().script("start", [say("Ready"), hear("x"), say("So far"), last, Op::Panic]);
        let server = house.open().await;
        let mut chat = server.visitor().connect().await.unwrap();
        chat.turn().await.unwrap();

        let turn = chat.say("go").await.unwrap();
        let next = chat.say("still there?").await.unwrap();

        let sentence = "Something went wrong on this side. The team has been told.";
        assert_eq!(turn.texts(), ["So far", sentence], "{breaks}");
        assert_eq!(turn.completion().unwrap().input, None);
        assert_eq!(next.texts().len(), 1, "{breaks}");
    }
}

#[tokio::test]
async fn a_script_may_handle_what_fails() {
    let ops = [
        try_call("BREAK", [], "why"),
        say("First: ${why}"),
        try_call("NO SUCH", [], "why"),
        say("Then: ${why}"),
    ];
    let server = House::new().script("start", ops).open().await;

    let turn = server.visitor().connect().await.unwrap().turn().await.unwrap();

    assert_eq!(
        turn.texts(),
        ["First: BREAK broke off", "Then: this server has no NO SUCH service"]
    );
}

#[tokio::test]
async fn scripts_run_scripts_and_get_what_they_give_back() {
    let house = House::new()
        .script(
            "start",
            [Op::Run("price".to_owned(), "cost".to_owned()), say("It costs ${cost}")],
        )
        .script("price", [say("Which tea?"), hear("tea"), give("3 for ${tea}")]);
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.turn().await.unwrap();

    assert_eq!(chat.say("green").await.unwrap().texts(), ["It costs 3 for green"]);
}

#[tokio::test]
async fn a_dialog_that_outgrows_its_limit_ends_before_the_turn_does() {
    let house = House::new().script(
        "start",
        [say("Ready"), hear("x"), Op::Grow(100_000), hear("never"), say("no")],
    );
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.turn().await.unwrap();

    let turn = chat.say("go").await.unwrap();

    assert_eq!(
        turn.texts(),
        ["Something went wrong on this side. The team has been told."]
    );
    assert_eq!(turn.completion().unwrap().input, None);
    assert_eq!(turn.frames.last().unwrap().seq, chat.last_seq());
}

#[tokio::test]
async fn endless_steps_end_at_the_limit() {
    let house = House::new()
        .script("start", [say("again"), Op::Loop("n".to_owned(), i64::MAX, 0)])
        .config(|config| config.script.steps = 20);
    let server = house.open().await;

    let turn = server.visitor().connect().await.unwrap().turn().await.unwrap();

    assert!((15..=22).contains(&turn.texts().len()), "{:?}", turn.texts());
    assert_eq!(
        turn.texts().last(),
        Some(&"Something went wrong on this side. The team has been told.")
    );
}

#[tokio::test]
async fn a_long_dialog_keeps_nothing_of_what_it_said() {
    let text = "x".repeat(100);
    let house = House::new().script("start", [hear("x"), say(&text), Op::Loop("n".to_owned(), i64::MAX, 0)]);
    let server = house.open().await;
    let mut chat = server.visitor().connect().await.unwrap();
    chat.turn().await.unwrap();

    let mut sizes = Vec::new();
    for _ in 0..3 {
        for _ in 0..10 {
            chat.say("more").await.unwrap();
        }
        let database = std::fs::read(house.folder().join("botserver.db")).unwrap_or_default();
        assert!(!database.is_empty());
        sizes.push(crate::support::state_size(&server).await);
    }

    assert!(sizes[2] < sizes[0] + 200, "{sizes:?}");
}

#[tokio::test]
async fn messages_of_other_systems_are_kept_and_not_answered() {
    let model = ScriptedModel::new([]);
    let server = House::new().model(&model).open().await;
    let who = server.visitor();

    let message = json!({ "content": "paid", "message_type": 0 });
    let (status, _) = post(&who, &path(&who, "/messages"), &message).await;

    assert_eq!(status, 201);
    assert_eq!(short(&log(&who).await), ["> paid", "turn_completed"]);
    assert!(model.asked().is_empty());
}

#[tokio::test]
async fn frames_that_say_nothing_are_refused_and_the_next_one_is_taken() {
    let house = House::new().model(&ScriptedModel::new([Reply::text(["Yes?"])]));
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.next_frame().await.unwrap();

    for frame in [
        "[]",
        "{}",
        "null",
        "\"hi\"",
        "{\"content\":\" \"}",
        "{\"content\":\"a\\u0000b\"}",
        "{\"content\":\"a\",\"message_id\":\"a\\u0000b\"}",
        "{\"content\":\"a\",\"message_type\":2}",
        "{\"message_type\":6}",
        "{\"type\":\"dance\"}",
    ] {
        chat.send_raw(Message::text(frame)).await.unwrap();
        let refused = chat.next_frame().await.unwrap();
        assert_eq!(refused.kind.as_deref(), Some("error"), "{frame}: {refused:?}");
        assert!(refused.data.unwrap()["status"].as_u64().unwrap() < 500, "{frame}");
    }

    assert_eq!(chat.say("hi").await.unwrap().texts(), ["Yes?"]);
    assert_eq!(short(&log(&who).await), ["> hi", "< Yes?", "turn_completed"]);
}
