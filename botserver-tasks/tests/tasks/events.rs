//! Events: blocks that run for them, dialogs that wait for them, and changes of tables.

use botlib::{ConversationId, Value};
use botstate::{
    db,
    dialog::Operation,
    job::{ChangeJob, NewJob},
};

use crate::support::{House, Server, houses};

const SHOP: &[(&str, &str)] = &[
    (
        "shop.gbai/shop.gbdialog/handlers.bas",
        "ON EVENT \"paid\" DO\n  TALK \"Paid \" + params.id\nEND ON\n\nON INSERT OF \"orders\"\n  TALK \"New order \" + params.id\nEND ON\n",
    ),
    (
        "shop.gbai/shop.gbdialog/pay.bas",
        "PUBLISH EVENT \"Paid\", { \"id\": 7 }\nTALK \"Done\"\n",
    ),
    (
        "shop.gbai/shop.gbdialog/wait.bas",
        "TALK \"Waiting\"\np = WAIT FOR EVENT \"paid\" TIMEOUT 600\nIF p IS NULL THEN\n  TALK \"Nothing came\"\nELSE\n  TALK \"Order \" + p.id\nEND IF\n",
    ),
    (
        "shop.gbai/shop.gbdialog/tables.bas",
        "TABLE orders\n  id number key\n  note string(50)\nEND TABLE\n",
    ),
    (
        "shop.gbai/shop.gbdialog/order.bas",
        "INSERT INTO orders VALUES { \"id\": 13, \"note\": \"tea\" }\nTALK \"Saved\"\n",
    ),
    (
        "shop.gbai/shop.gbdialog/loop.bas",
        "ON EVENT \"again\" DO\n  TALK \"Again\"\n  PUBLISH EVENT \"again\"\nEND ON\nPUBLISH EVENT \"again\"\n",
    ),
    (
        "shop.gbai/shop.gbdialog/ask.bas",
        "TALK \"Your name?\"\nWAIT FOR RESPONSE AS name TIMEOUT 60\nIF name IS NULL THEN\n  TALK \"Too late\"\nELSE\n  TALK \"Hi \" + name\nEND IF\n",
    ),
];

async fn change(server: &Server, id: i64) {
    let row = Value::Map([("id".to_owned(), Value::Int(id))].into_iter().collect());
    let changed = ChangeJob {
        table: "Orders".to_owned(),
        operation: Operation::Insert,
        row,
        old: Value::Null,
        depth: 0,
    };
    let job = NewJob::change(server.state.org, server.bot("shop"), &changed, server.state.clock.now());
    let add = server.state.ports.jobs.as_ref().unwrap().enqueue(job);
    let written = server.state.db.write(move |conn| add(conn).map_err(db::Error::from));
    written.await.unwrap();
}

#[tokio::test]
async fn a_published_event_runs_its_blocks_and_wakes_who_waits() {
    for house in houses(SHOP) {
        let server = house.open().await;
        let waiting = server.run("shop", "wait", ConversationId::new()).await;
        assert!(waiting.waiting && waiting.fault.is_none(), "{waiting:?}");
        // Another event than the one that is waited for, and a restart.
        server.kill();
        let server = house.open().await;

        server.run("shop", "pay", ConversationId::new()).await;
        server.wait_said(4).await;
        server.settle().await;

        let mut said = server.said().await;
        said.sort();
        assert_eq!(said, ["Done", "Order 7", "Paid 7", "Waiting"]);
        // Its timer is gone as well.
        server.pass(700);
        server.settle().await;
        assert_eq!(server.said().await.len(), 4);
    }
}

#[tokio::test]
async fn a_wait_that_nothing_ends_goes_on_with_null() {
    let house = House::new(SHOP);
    let server = house.open().await;
    server.run("shop", "wait", ConversationId::new()).await;

    server.pass(601);

    assert_eq!(server.wait_said(2).await, ["Waiting", "Nothing came"]);
}

#[tokio::test]
async fn a_response_is_waited_for_as_long_as_is_said() {
    let house = House::new(SHOP);
    let server = house.open().await;
    let (one, two) = (ConversationId::new(), ConversationId::new());
    assert!(server.run("shop", "ask", one).await.waiting);
    assert!(server.run("shop", "ask", two).await.waiting);

    let answered = server.write_to("shop", "Ann", one).await;
    server.pass(61);
    server.wait_said(4).await;
    server.settle().await;

    assert_eq!(answered.said, ["Hi Ann"]);
    let said = server.said().await;
    assert_eq!(said.len(), 4);
    assert_eq!(said[3], "Too late");
}

#[tokio::test]
async fn a_change_of_a_table_runs_its_blocks() {
    let house = House::new(SHOP);
    let server = house.open().await;

    change(&server, 12).await;
    assert_eq!(server.wait_said(1).await, ["New order 12"]);
    let ran = server.run("shop", "order", ConversationId::new()).await;
    assert_eq!(ran.fault, None);

    server.wait_said(3).await;
    server.settle().await;
    let mut said = server.said().await;
    said.sort();
    assert_eq!(said, ["New order 12", "New order 13", "Saved"]);
}

#[tokio::test]
async fn an_event_that_publishes_itself_comes_to_an_end() {
    let house = House::new(SHOP);
    let server = house.open().await;

    server.run("shop", "loop", ConversationId::new()).await;
    server.wait_said(8).await;
    server.settle().await;

    assert_eq!(server.said().await, ["Again"; 8]);
    let dead = server.get("/api/tasks/jobs?state=dead").await.json();
    let error = dead["items"][0]["last_error"].as_str().unwrap();
    assert!(error.contains("more than 8 runs"), "{error}");
}
