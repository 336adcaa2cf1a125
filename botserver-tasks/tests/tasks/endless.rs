//! What would go on or lie about for ever: scripts that start each other, finished runs, programs of old versions.

use std::time::Duration;

use botlib::ConversationId;
use botstate::{
    db::{self, conversations, dialog_programs},
    on_each,
    run::DEEPEST,
};
use diesel::prelude::*;

use crate::support::{Server, houses};

const DAY: i64 = 86_400;

/// Waits until `holds`, for a minute at most.
async fn wait<T>(what: impl AsyncFn() -> T, holds: impl Fn(&T) -> bool) -> T {
    let mut found = what().await;
    for _ in 0..3000 {
        if holds(&found) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        found = what().await;
    }
    found
}

async fn conversations_of(server: &Server) -> i64 {
    let read = server.state.db.read(|conn| {
        let count = on_each!(conn, |conn| conversations::table.count().get_result(conn))?;
        Ok::<i64, db::Error>(count)
    });
    read.await.unwrap()
}

/// The scripts whose programs are kept, in order.
async fn programs_of(server: &Server) -> Vec<String> {
    let read = server.state.db.read(|conn| {
        let scripts = on_each!(conn, |conn| dialog_programs::table
            .select(dialog_programs::script)
            .order(dialog_programs::script)
            .load(conn))?;
        Ok::<Vec<String>, db::Error>(scripts)
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_trigger_that_changes_its_own_table_comes_to_an_end() {
    let files = [
        (
            "shop.gbai/shop.gbdialog/echo.bas",
            "ON INSERT OF \"echo\"\n  PROBE \"again\"\n  SAVE \"echo\", { n: 1 }\nEND ON\n",
        ),
        ("shop.gbai/shop.gbdialog/kick.bas", "SAVE \"echo\", { n: 0 }\n"),
    ];
    for house in houses(&files) {
        let server = house.open().await;

        server.run("shop", "kick", ConversationId::new()).await;
        let jobs = async || server.get("/api/tasks/jobs?limit=200").await.text;
        let jobs = wait(jobs, |jobs| jobs.contains("runs were started one by the other")).await;

        assert!(
            jobs.contains(&format!("more than {DEEPEST} runs were started one by the other")),
            "{jobs}"
        );
        server.settle().await;
        assert_eq!(house.probed.lock().len(), usize::from(DEEPEST));
    }
}

#[tokio::test]
async fn finished_runs_and_programs_of_old_versions_are_deleted_after_a_month() {
    let files = [
        (
            "shop.gbai/shop.gbdialog/note.bas",
            "ON EVENT \"go\" DO\n  PROBE \"old\"\nEND ON\n",
        ),
        ("shop.gbai/shop.gbdialog/begin.bas", "PUBLISH EVENT \"go\"\n"),
        (
            "shop.gbai/shop.gbdialog/ask.bas",
            "HEAR answer\nTALK \"old \" + answer\n",
        ),
    ];
    for house in houses(&files) {
        let waiting = ConversationId::new();
        let server = house.open().await;
        server.run("shop", "ask", waiting).await;
        server.run("shop", "begin", ConversationId::new()).await;
        wait(async || house.probed.lock().len(), |count| *count == 1).await;
        server.settle().await;
        assert_eq!(conversations_of(&server).await, 3);
        server.kill();
        house.write(
            "shop.gbai/shop.gbdialog/ask.bas",
            "HEAR answer\nTALK \"new \" + answer\n",
        );
        house.write(
            "shop.gbai/shop.gbdialog/note.bas",
            "ON EVENT \"go\" DO\n  PROBE \"new\"\nEND ON\n",
        );
        let server = house.open().await;
        let before = programs_of(&server).await;

        server.pass(29 * DAY);
        server.settle().await;
        assert_eq!(conversations_of(&server).await, 3);
        server.pass(2 * DAY);
        let left = wait(async || conversations_of(&server).await, |count| *count == 1).await;
        let programs = wait(
            async || programs_of(&server).await,
            |programs| programs.len() < before.len(),
        )
        .await;

        assert_eq!(left, 1);
        let of = |programs: &[String], script: &str| programs.iter().filter(|one| *one == script).count();
        assert_eq!(
            (of(&before, "ask"), of(&before, "note#on-event-go")),
            (2, 2),
            "{before:?}"
        );
        assert_eq!(
            (of(&programs, "ask"), of(&programs, "note#on-event-go")),
            (2, 1),
            "{programs:?}"
        );
        // The dialog that waited all the time goes on with the program that it was started with.
        let answered = server.write_to("shop", "still here", waiting).await;
        assert_eq!(answered.said, ["old still here"]);
    }
}
