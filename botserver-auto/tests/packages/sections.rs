//! Files that give several programs, mounted: tools, ON blocks, included files, declared tables, roles.

use botlib::{Caller, RequestId, Role, Value, value::Map};
use botstate::dialog::{FaultKind, TriggerKind};
use serde_json::json;

use crate::support::House;

const ORDERS: &str =
    "TALK \"main\"\nON INSERT OF \"customers\"\n  TALK \"new: ${params.name}\"\nEND ON\nSET SCHEDULE \"0 8 * * *\"";

#[tokio::test]
async fn blocks_of_a_file_are_scripts_with_triggers() {
    let house = House::new(&[("a.gbai/a.gbdialog/orders.bas", ORDERS)]).await;
    let bot = house.bot("a");

    let mut triggers: Vec<String> = bot
        .triggers
        .iter()
        .map(|trigger| match &trigger.kind {
            TriggerKind::Schedule { when } => format!("{} {} {when}", trigger.script, trigger.place),
            TriggerKind::Change { table, operation } => {
                format!("{} {} {} {table}", trigger.script, trigger.place, operation.name())
            }
            other => format!("{other:?}"),
        })
        .collect();
    triggers.sort();
    let args: Map = [("params".to_owned(), Value::from_json(&json!({ "name": "Ana" })))]
        .into_iter()
        .collect();
    let mut visitor = house.visitor("a");
    visitor.run("orders#on-insert-customers", args, &[]).await.unwrap();

    assert_eq!(
        triggers,
        [
            "orders a.gbai/a.gbdialog/orders.bas:5 0 8 * * *",
            "orders#on-insert-customers a.gbai/a.gbdialog/orders.bas:2 insert customers",
        ]
    );
    assert_eq!(visitor.heard, ["new: Ana"]);
    assert!(bot.has_script("orders#on-insert-customers"));
    assert_eq!(house.mount.bots.diagnostics("a").join("\n"), "");
}

#[tokio::test]
async fn tools_of_one_file_are_offered_under_their_own_names() {
    let house = House::new(&[
        (
            "a.gbai/apis.bas",
            "' Cat fact\nDESCRIPTION \"A fact about cats\"\nRETURN \"cats sleep\"\n\n' Dog fact\nPARAM n AS INTEGER\nDESCRIPTION \"A fact about dogs\"\nRETURN \"dogs bark ${n}\"\n\n' Other\nDESCRIPTION \"x\"\nRETURN 1",
        ),
        ("a.gbai/other.bas", "TALK \"the file wins\""),
        ("a.gbai/start.bas", "ADD TOOL \"dog-fact\""),
    ])
    .await;
    let bot = house.bot("a");

    let tools: Vec<&str> = bot.tools.iter().map(|tool| tool.name.as_str()).collect();
    let mut visitor = house.visitor("a");
    let args: Map = [("n".to_owned(), Value::Int(2))].into_iter().collect();
    let fact = visitor.run("dog-fact", args, &[]).await.unwrap();
    visitor.run("other", Map::new(), &[]).await.unwrap();

    assert_eq!(tools, ["apis", "apis-other", "dog-fact"]);
    assert_eq!(fact, Value::text("dogs bark 2"));
    assert_eq!(visitor.heard, ["the file wins"]);
    assert_eq!(house.mount.bots.diagnostics("a").join("\n"), "");
}

#[tokio::test]
async fn included_files_are_found_in_the_package() {
    let house = House::new(&[
        (
            "a.gbai/a.gbdialog/start.bas",
            "INCLUDE \"templates/greet.bas\"\nCALL greet\nINCLUDE \"gone.bas\"",
        ),
        (
            "a.gbai/a.gbdialog/templates/greet.bas",
            "SUB greet\n  TALK \"hi\"\nEND SUB",
        ),
        ("b.gbai/start.bas", "INCLUDE \"b.bas\"\nCALL greet"),
        ("b.gbai/b.bas", "SUB greet\n  TALK \"hi\"\n  THROW \"here\"\nEND SUB"),
    ])
    .await;

    let diagnostics = house.mount.bots.diagnostics("a").join("\n");
    let mut visitor = house.visitor("b");
    let fault = visitor.run("start", Map::new(), &[]).await.unwrap_err();

    assert!(
        diagnostics.contains("the package has no file gone.bas to include"),
        "{diagnostics}"
    );
    assert_eq!(visitor.heard, ["hi"]);
    assert_eq!(fault.place.as_deref(), Some("b.bas:3"));
}

#[tokio::test]
async fn a_script_is_kept_for_some_roles() {
    let house = House::new(&[("a.gbai/start.bas", "ALLOW ROLE \"operator; boss\"\nTALK \"in\"")]).await;
    let caller = |role: Role| {
        let mut caller = Caller::nobody(house.state.org, RequestId::new());
        caller.permissions.extend(role.permissions());
        caller
    };

    let refused = house
        .visitor_as("a", caller(Role::Member))
        .run("start", Map::new(), &[])
        .await
        .unwrap_err();
    let mut admin = house.visitor_as("a", caller(Role::Admin));
    admin.run("start", Map::new(), &[]).await.unwrap();

    assert_eq!(
        (refused.kind, refused.message.as_str()),
        (FaultKind::Permission, "only operator or boss may use this")
    );
    assert_eq!(admin.heard, ["in"]);
}
