//! What bots do without being asked: orders that run scripts, and dialogs that wait for something else than a person.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{ConversationId, Value, wire::InputSpec};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
    run::{Channel, DEEPEST, Order, Ran, Suspend, Task},
};
use serde_json::json;

use crate::support::{
    House, Server,
    dialogs::{Op, call, give, hear, say},
    events, log, path, post, short,
};

/// `REST token`: waits until the token is woken; with `hear` a message ends it, too.
pub(crate) fn rest() -> Keyword {
    struct Rest;

    #[async_trait]
    impl Handler for Rest {
        async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
            let hear = args.has("hear").then(InputSpec::default);
            turn.suspend(Suspend {
                token: args.text("token")?,
                hear,
                refusal: None,
                note: None,
            })?;
            Ok(Value::text("not this"))
        }
    }

    Keyword {
        phrase: "REST",
        shapes: &["token"],
        class: Class::Write,
        summary: "Waits.",
        example: "REST \"x\"",
        handler: Some(Arc::new(Rest)),
    }
}

fn script(server: &Server, name: &str, key: &str) -> Order {
    Order {
        bot: server.bot(),
        task: Task::Script {
            name: name.to_owned(),
            args: [("who".to_owned(), Value::text("Ann"))].into_iter().collect(),
            names: [("word".to_owned(), Value::text("tea"))].into_iter().collect(),
        },
        conversation: None,
        key: key.to_owned(),
        channel: Channel::Schedule,
        limit: None,
        depth: 0,
    }
}

fn wake(server: &Server, conversation: &str, token: &str, value: &str) -> Order {
    Order {
        task: Task::Wake {
            token: token.to_owned(),
            value: Value::text(value),
            fault: None,
        },
        conversation: Some(conversation.parse().unwrap()),
        ..script(server, "", &format!("wake {token} {value}"))
    }
}

async fn run(server: &Server, order: Order) -> Result<Ran, Fault> {
    let runner = Arc::clone(server.state.ports.runner.get().unwrap());
    runner.run(order).await
}

#[tokio::test]
async fn an_order_runs_a_script_once_for_its_key() {
    let ops = [
        say("Hello ${who}"),
        call("PROBE", [("text", "job")], "done"),
        give("ran ${done}"),
    ];
    let house = House::new().script("report", ops);
    let server = house.open().await;

    let first = run(&server, script(&server, "report", "k")).await.unwrap();
    let again = run(&server, script(&server, "report", "k")).await.unwrap();
    let other = run(&server, script(&server, "report", "other")).await.unwrap();

    assert_eq!(first.value, Value::text("ran [job]"));
    assert_eq!(first.said, ["Hello Ann"]);
    assert!(!first.waiting && !first.is_repeat && first.fault.is_none());
    assert_eq!(
        again,
        Ran {
            is_repeat: true,
            ..first
        }
    );
    assert!(!other.is_repeat);
    assert_eq!(house.probe.calls().len(), 2);
}

#[tokio::test]
async fn an_order_that_a_crash_cut_off_is_finished_and_answered_once() {
    let ops = [call("PROBE", [("text", "pay")], "done"), give("paid ${done}")];
    let house = House::new().script("pay", ops);
    house.probe.hang(true);
    let server = house.open().await;
    let runner = Arc::clone(server.state.ports.runner.get().unwrap());
    let order = script(&server, "pay", "k");
    let cut = server.spawn(async move { runner.run(order).await });
    house.probe.wait_called(1).await;
    server.kill();
    drop(cut);

    house.probe.hang(false);
    let server = house.open().await;
    let ran = run(&server, script(&server, "pay", "k")).await.unwrap();

    assert_eq!(ran.value, Value::text("paid [pay]"));
    let calls = house.probe.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0], calls[1]);
    let started = events(&server)
        .await
        .iter()
        .filter(|event| event.contains("started"))
        .count();
    assert_eq!(started, 1);
}

#[tokio::test]
async fn a_bot_speaks_up_in_a_conversation_whose_dialog_goes_on_waiting() {
    let house = House::new()
        .script("start", [hear("name"), say("Hi ${name}")])
        .script("news", [say("News for ${who}"), give("told")]);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    let conversation: Option<ConversationId> = who.session_id.parse().ok();

    let ran = run(
        &server,
        Order {
            conversation,
            ..script(&server, "news", "n")
        },
    )
    .await
    .unwrap();
    let said = run(
        &server,
        Order {
            conversation,
            task: Task::Say {
                text: "Still here?".to_owned(),
            },
            ..script(&server, "", "s")
        },
    )
    .await
    .unwrap();

    assert_eq!((ran.value, ran.waiting), (Value::text("told"), true));
    assert_eq!(said.said, ["Still here?"]);
    assert_eq!(chat.turn().await.unwrap().texts(), ["News for Ann"]);
    assert_eq!(chat.turn().await.unwrap().texts(), ["Still here?"]);
    assert_eq!(chat.say("Bob").await.unwrap().texts(), ["Hi Bob"]);
}

#[tokio::test]
async fn a_dialog_waits_for_its_token_over_a_restart_and_other_messages() {
    let ops = [
        say("Waiting"),
        call("REST", [("token", "order-7")], "news"),
        say("Got ${news}"),
    ];
    let house = House::new().script("start", ops);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    assert_eq!(chat.turn().await.unwrap().texts(), ["Waiting"]);
    // Somebody who has no business here.
    let nobody = run(&server, wake(&server, &who.session_id, "order-8", "x"))
        .await
        .unwrap();
    assert_eq!(nobody.said, [""; 0]);
    server.kill();
    let server = house.open().await;
    let who = who.at(&server.url);
    let (status, _) = post(&who, &path(&who, "/messages"), &json!({ "content": "hello?" })).await;
    assert_eq!(status, 201);

    let woken = run(&server, wake(&server, &who.session_id, "order-7", "parcel"))
        .await
        .unwrap();
    let again = run(&server, wake(&server, &who.session_id, "order-7", "second"))
        .await
        .unwrap();

    assert_eq!((woken.said, woken.waiting), (vec!["Got parcel".to_owned()], false));
    assert_eq!(again.said, [""; 0]);
    let expected = [
        "< Waiting",
        "turn_completed",
        "> hello?",
        "< This bot has no language model, so it can only lead its dialogs.",
        "turn_completed",
        "< Got parcel",
        "turn_completed",
    ];
    assert_eq!(short(&log(&who).await), expected);
}

#[tokio::test]
async fn a_wait_that_listens_ends_with_a_message() {
    let ops = [
        call("REST", [("token", "t"), ("hear", "yes")], "reply"),
        say("You said ${reply}"),
    ];
    let server = House::new().script("start", ops).open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();

    assert_eq!(chat.say("yes please").await.unwrap().texts(), ["You said yes please"]);
    let late = run(&server, wake(&server, &who.session_id, "t", "too late"))
        .await
        .unwrap();

    assert_eq!(late.said, [""; 0]);
}

#[tokio::test]
async fn a_dialog_that_is_woken_under_another_one_goes_on_after_it() {
    let house = House::new()
        .script("start", [call("REST", [("token", "t")], "news"), say("Got ${news}")])
        .script("ask", [hear("name"), say("Thanks ${name}")]);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    let (status, _) = post(
        &who,
        &path(&who, "/messages"),
        &json!({ "content": "ask", "message_type": 6 }),
    )
    .await;
    assert_eq!(status, 201);

    let woken = run(&server, wake(&server, &who.session_id, "t", "parcel"))
        .await
        .unwrap();
    assert_eq!(woken.said, [""; 0]);
    let (_, turn) = post(&who, &path(&who, "/messages"), &json!({ "content": "Ann" })).await;

    let said: Vec<_> = turn["frames"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|frame| frame["message_type"] == 2 && frame["event"].is_null())
        .map(|frame| frame["content"].as_str().unwrap_or_default())
        .filter(|content| !content.is_empty())
        .collect();
    assert_eq!(said, ["Thanks Ann", "Got parcel"]);
}

#[tokio::test]
async fn faults_of_orders_are_told_to_whoever_gave_them() {
    let house = House::new().script("bad", [Op::Fail("no stock".to_owned())]);
    let server = house.open().await;

    let failed = run(&server, script(&server, "bad", "b")).await.unwrap();
    let missing = run(&server, script(&server, "missing", "m")).await.unwrap();
    let deep = Order {
        depth: DEEPEST + 1,
        ..script(&server, "bad", "d")
    };
    let deep = run(&server, deep).await.unwrap_err();
    let nobody = Order {
        bot: botlib::BotId::new(),
        ..script(&server, "bad", "n")
    };
    let nobody = run(&server, nobody).await.unwrap_err();

    assert_eq!(failed.fault.unwrap().message, "no stock");
    assert_eq!(missing.fault.unwrap().kind, FaultKind::NotFound);
    assert_eq!(deep.kind, FaultKind::Limit);
    assert_eq!(nobody.kind, FaultKind::NotFound);
}
