//! Starting dialogs, and bringing them back.

use botlib::{Value, value::Map};
use botstate::dialog::{Answer, FaultKind, Input};
use serde_json::json;

use crate::support::{House, Outcome, houses};

const TOOL: &str = "PARAM size AS INTEGER DESCRIPTION \"How large\"\nPARAM colour AS STRING OPTIONAL\n\
                    DESCRIPTION \"Makes one\"\nTALK \"${size} ${colour}\"\nRETURN size";

fn args<const N: usize>(entries: [(&str, Value); N]) -> Map {
    entries
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[tokio::test]
async fn arguments_are_given_by_name_in_any_case_or_by_place() {
    let house = House::new(&[("a.gbai/make.bas", TOOL)]).await;

    for given in [
        args([("SIZE", Value::Int(3)), ("Colour", "red".into())]),
        args([("0", Value::Int(3)), ("1", "red".into())]),
        args([("size", "3".into()), ("colour", "red".into())]),
    ] {
        let mut visitor = house.visitor("a");
        let value = visitor.run("Make.bas", given, &[]).await.unwrap();

        assert_eq!((value, visitor.heard), (Value::Int(3), vec!["3 red".to_owned()]));
    }
}

#[tokio::test]
async fn arguments_that_are_not_given_are_null_and_wrong_ones_are_refused() {
    let house = House::new(&[("a.gbai/make.bas", TOOL)]).await;

    let missing = house.visitor("a").run("make", Map::new(), &[]).await.unwrap();
    let wrong = house
        .visitor("a")
        .start("make", args([("size", "huge".into())]))
        .await
        .err()
        .unwrap();
    let nowhere = house.visitor("a").start("nothing", Map::new()).await.err().unwrap();

    assert_eq!(missing, Value::Null);
    assert_eq!((wrong.kind, nowhere.kind), (FaultKind::Argument, FaultKind::NotFound));
    assert!(wrong.message.contains("size"), "{wrong}");
}

#[tokio::test]
async fn a_model_must_give_what_a_tool_requires() {
    let house = House::new(&[("a.gbai/make.bas", TOOL)]).await;
    let check = |given| house.mount.dialogs.check_arguments(&house.bot("a"), "make", &given);

    let good = check(json!({ "size": "12" })).unwrap();
    let bad = check(json!({ "colour": "red", "weight": 1 })).unwrap_err();

    assert_eq!(good.get("size"), Some(&Value::Int(12)));
    assert_eq!(bad.kind, FaultKind::Argument);
    assert!(
        bad.message.contains("size is missing") && bad.message.contains("weight"),
        "{bad}"
    );
}

#[tokio::test]
async fn a_script_calls_another_and_gets_its_value() {
    let house = House::new(&[
        ("a.gbai/start.bas", "x = CALL \"double.bas\", 21\nTALK x"),
        ("a.gbai/double.bas", "PARAM n AS INTEGER\nRETURN n * 2"),
    ])
    .await;

    assert_eq!(house.said("a", "start").await, ["42"]);
}

#[tokio::test]
async fn a_waiting_dialog_keeps_its_program_through_an_edit_and_a_restart() {
    let old = "total = 0\nFOR i = 1 TO 3\n  HEAR n AS INTEGER\n  total = total + n * i\nNEXT\nTALK \"old ${total}\"";
    for house in houses(&[("a.gbai/ask.bas", old)]).await {
        let mut visitor = house.visitor("a");
        let dialog = visitor.start("ask", Map::new()).await.unwrap();
        let waiting = visitor.drive(dialog, Input::Continue, &["1"]).await.waiting();
        let saved = waiting.save().unwrap();
        drop((visitor, waiting));

        house.write("a.gbai/ask.bas", "TALK \"new\"");
        let house = house.restart().await;
        let mut visitor = house.visitor("a");
        let dialog = house.mount.dialogs.restore(&house.bot("a"), &saved).await.unwrap();
        let answer = Input::Heard(Answer {
            text: "2".to_owned(),
            files: Vec::new(),
        });
        let Outcome::Done(result) = visitor.drive(dialog, answer, &["3"]).await else {
            panic!("it waits again")
        };
        result.unwrap();

        assert_eq!(visitor.heard.last().unwrap(), "old 14");
        assert_eq!(house.said("a", "ask").await, ["new"]);
    }
}

#[tokio::test]
async fn a_state_whose_program_nobody_knows_is_refused() {
    let one = House::new(&[("a.gbai/ask.bas", "HEAR x\nTALK x")]).await;
    let other = House::new(&[("a.gbai/ask.bas", "HEAR y\nTALK y + \"!\"")]).await;
    let mut visitor = one.visitor("a");
    let dialog = visitor.start("ask", Map::new()).await.unwrap();
    let saved = visitor
        .drive(dialog, Input::Continue, &[])
        .await
        .waiting()
        .save()
        .unwrap();

    let unknown = other
        .mount
        .dialogs
        .restore(&other.bot("a"), &saved)
        .await
        .err()
        .unwrap();
    let damaged = other.mount.dialogs.restore(&other.bot("a"), "{}").await.err().unwrap();

    assert_eq!((unknown.kind, damaged.kind), (FaultKind::State, FaultKind::State));
}

#[tokio::test]
async fn what_a_script_may_come_to_is_known_before_it_runs() {
    let scripts = [
        ("a.gbai/inner.bas", "SET BOT MEMORY \"k\", 1\nCALL \"outer\""),
        (
            "a.gbai/outer.bas",
            "IF 1 = 2 THEN\n  x = GET BOT MEMORY(\"k\")\nEND IF\nsay_it\nCALL \"inner\"\nSUB say_it()\n  SET USER FACT \"a\", 1\nEND SUB",
        ),
        ("a.gbai/plain.bas", "TALK \"hello\"\nRETURN 1"),
    ];
    let house = House::new(&scripts).await;
    let reach = |script| house.mount.dialogs.reach(&house.bot("a"), script);

    let outer: Vec<String> = reach("outer").unwrap().into_iter().collect();

    assert_eq!(outer, ["GET BOT MEMORY", "SET BOT MEMORY", "SET USER FACT"]);
    assert!(reach("plain").unwrap().is_empty());
    assert_eq!(reach("nothing"), None);
}
