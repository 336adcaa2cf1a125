//! Schedules: declared by packages, made by scripts, and what happens when the server was away.

use botlib::ConversationId;
use serde_json::json;

use crate::support::{House, houses};

#[tokio::test]
async fn a_declared_schedule_runs_at_its_times_and_goes_with_its_line() {
    for house in houses(&[(
        "shop.gbai/shop.gbdialog/report.bas",
        "SET SCHEDULE \"0 11 * * *\"\nTALK \"Report\"\n",
    )]) {
        let server = house.open().await;
        let items = server.wait_schedules(|items| items.len() == 1).await;
        assert_eq!(items[0]["script"], "report");
        assert_eq!(items[0]["origin"], "declared");
        assert_eq!(items[0]["next_at"], "2026-01-20T11:00:00Z");
        assert_eq!(server.said().await, [""; 0]);

        server.pass(40 * 60);
        assert_eq!(server.wait_said(1).await, ["Report"]);
        server.pass(24 * 3600);
        assert_eq!(server.wait_said(2).await, ["Report", "Report"]);

        house.write("shop.gbai/shop.gbdialog/report.bas", "TALK \"Report\"\n");
        server.wait_schedules(<[_]>::is_empty).await;
    }
}

#[tokio::test]
async fn runs_that_were_missed_are_made_up_for_once() {
    let house = House::new(&[(
        "shop.gbai/shop.gbdialog/report.bas",
        "SET SCHEDULE every 1 hour\nTALK \"Report\"\n",
    )]);
    let server = house.open().await;
    server.wait_schedules(|items| items.len() == 1).await;
    server.kill();

    house.clock.advance(chrono::TimeDelta::days(3));
    let server = house.open().await;

    assert_eq!(server.wait_said(1).await, ["Report"]);
    let items = server.wait_schedules(|items| items[0]["last_at"].is_string()).await;
    assert_eq!(items[0]["next_at"], "2026-01-23T11:00:00Z");
    server.settle().await;
    assert_eq!(server.said().await, ["Report"]);
}

#[tokio::test]
async fn times_are_those_of_the_bots_zone() {
    let house = House::new(&[
        (
            "shop.gbai/shop.gbdialog/report.bas",
            "SET SCHEDULE \"every day at 9am\"\nTALK \"Report\"\n",
        ),
        (
            "shop.gbai/shop.gbot/config.csv",
            "name,value\ntimezone,America/Sao_Paulo\n",
        ),
    ]);
    let server = house.open().await;

    let items = server.wait_schedules(|items| items.len() == 1).await;

    assert_eq!(items[0]["next_at"], "2026-01-20T12:00:00Z");
    assert_eq!(items[0]["zone"], "America/Sao_Paulo");
}

#[tokio::test]
async fn a_script_schedules_another_one_and_it_speaks_where_it_was_asked_to() {
    for house in houses(&[
        (
            "shop.gbai/shop.gbdialog/plan.bas",
            "IF TRUE THEN\n  SET SCHEDULE DATEADD(NOW(), 1, \"hour\"), \"remind.bas\", \"milk\"\nEND IF\n",
        ),
        (
            "shop.gbai/shop.gbdialog/remind.bas",
            "PARAM what AS STRING\nTALK \"Buy \" + what\n",
        ),
    ]) {
        let server = house.open().await;
        let conversation = ConversationId::new();
        let ran = server.run("shop", "plan", conversation).await;
        assert_eq!(ran.fault, None);
        // The same once more is the same schedule.
        server.run("shop", "plan", conversation).await;
        let items = server.wait_schedules(|items| items.len() == 1).await;
        assert_eq!(items[0]["origin"], "made");
        assert_eq!(items[0]["conversation_id"], json!(conversation.to_string()));

        server.pass(3601);

        assert_eq!(server.wait_said(1).await, ["Buy milk"]);
        server.wait_schedules(<[_]>::is_empty).await;
    }
}

#[tokio::test]
async fn a_block_for_later_finds_the_variables_of_its_moment() {
    let house = House::new(&[(
        "shop.gbai/shop.gbdialog/plan.bas",
        "name = \"Ann\"\nSCHEDULE IN 5 MINUTES DO\n  TALK \"Hello \" + name\nEND SCHEDULE\nname = \"Bob\"\nTALK \"Planned\"\n",
    )]);
    let server = house.open().await;
    let ran = server.run("shop", "plan", ConversationId::new()).await;
    assert_eq!(ran.fault, None);
    server.wait_schedules(|items| items.len() == 1).await;

    server.pass(301);

    assert_eq!(server.wait_said(2).await, ["Planned", "Hello Ann"]);
}

#[tokio::test]
async fn what_cannot_be_scheduled_is_a_fault_of_the_script() {
    let house = House::new(&[
        (
            "shop.gbai/shop.gbdialog/often.bas",
            "when = \"*/5 * * * * *\"\nSET SCHEDULE when, \"often.bas\"\n",
        ),
        (
            "shop.gbai/shop.gbdialog/words.bas",
            "when = \"sometimes\"\nSET SCHEDULE when, \"often.bas\"\n",
        ),
        (
            "shop.gbai/shop.gbdialog/missing.bas",
            "when = \"0 9 * * *\"\nfile = \"nothing.bas\"\nSET SCHEDULE when, file\n",
        ),
        (
            "shop.gbai/shop.gbdialog/many.bas",
            "FOR i = 1 TO 101\n  SET SCHEDULE DATEADD(NOW(), i, \"day\"), \"often.bas\"\nNEXT\n",
        ),
    ]);
    let server = house.open().await;

    let mut faults = Vec::new();
    for script in ["often", "words", "missing", "many"] {
        let ran = server.run("shop", script, ConversationId::new()).await;
        faults.push(ran.fault.map(|fault| fault.to_string()).unwrap_or_default());
    }

    insta::assert_snapshot!(faults.join("\n"));
}

#[tokio::test]
async fn operators_run_schedules_and_take_them_away() {
    let house = House::new(&[(
        "shop.gbai/shop.gbdialog/report.bas",
        "SET SCHEDULE \"0 11 * * *\"\nTALK \"Report\"\n",
    )]);
    let server = house.open().await;
    let items = server.wait_schedules(|items| items.len() == 1).await;
    let id = items[0]["id"].as_str().unwrap();
    let admin = [("authorization", "Bearer admin")];

    let nobody = server.post(&format!("/api/tasks/schedules/{id}/run"), &[], "").await;
    let run = server.post(&format!("/api/tasks/schedules/{id}/run"), &admin, "").await;

    assert_eq!((nobody.status, run.status), (401, 202));
    assert_eq!(server.wait_said(1).await, ["Report"]);
    let unknown = format!("/api/tasks/schedules/{}/run", uuid::Uuid::now_v7());
    assert_eq!(server.post(&unknown, &admin, "").await.status, 404);
}
