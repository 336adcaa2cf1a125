//! Transactions over rows: nobody is waited for in one, nothing reaches outside, and none outlives its dialog.

use crate::support::{
    House, Server,
    dialogs::{Op, call, hear, say, try_call},
    events, log, short,
};

fn begin() -> Op {
    call("BEGIN", [], "_")
}

fn commit() -> Op {
    call("COMMIT", [], "_")
}

/// What operators see of dialogs that could not go on.
async fn faults(server: &Server) -> Vec<String> {
    let mut all = events(server).await;
    all.retain(|event| event.contains("\"kind\":\"fault\""));
    all
}

/// What was said to somebody who came, and the faults.
async fn told(house: &House) -> (Vec<String>, Vec<String>) {
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();
    (short(&log(&who).await), faults(&server).await)
}

#[tokio::test]
async fn a_hear_in_a_transaction_ends_the_dialog_with_the_reason() {
    let house = House::new().script("start", [begin(), hear("name"), commit(), say("Hello ${name}")]);

    let (log, faults) = told(&house).await;

    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(
        faults[0].contains("HEAR cannot be used inside of a transaction"),
        "{faults:?}"
    );
    assert!(!log.iter().any(|line| line.contains("Hello")), "{log:?}");
    assert_eq!(log.last().unwrap(), "turn_completed");
}

#[tokio::test]
async fn what_reaches_outside_fails_in_a_transaction_and_works_after_it() {
    let house = House::new().script(
        "start",
        [
            begin(),
            try_call("PROBE", [("text", "early")], "early"),
            say("early: ${early}"),
            commit(),
            try_call("PROBE", [("text", "late")], "late"),
            say("late: ${late}"),
        ],
    );

    let (log, faults) = told(&house).await;

    assert_eq!(faults, Vec::<String>::new());
    assert!(
        log[0].contains("PROBE cannot be used inside of a transaction"),
        "{log:?}"
    );
    assert_eq!(log[1], "< late: [late]");
    let calls = house.probe.calls();
    assert_eq!(
        calls.iter().map(|call| call.text.as_str()).collect::<Vec<_>>(),
        ["late"]
    );
}

#[tokio::test]
async fn a_transaction_does_not_outlive_its_dialog() {
    let house = House::new().script("start", [begin(), say("left open")]).script(
        "tool",
        [hear("name"), call("PROBE", [("text", "${name}")], "x"), say("${x}")],
    );
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    chat.turn().await.unwrap();

    // In a conversation that is still in a transaction both would fail.
    chat.run_tool("tool", &serde_json::json!({})).await.unwrap();
    chat.turn().await.unwrap();
    let answer = chat.say("Ada").await.unwrap();

    assert_eq!(answer.text(), "[Ada]");
    assert_eq!(faults(&server).await, Vec::<String>::new());
}
