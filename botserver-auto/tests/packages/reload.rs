//! A change on disk is seen soon, and never makes a bot worse.

use std::time::Duration;

use botstate::event::{Event, Notice};
use futures::StreamExt as _;

use crate::support::House;

#[tokio::test]
async fn a_changed_script_runs_soon_and_others_are_told() {
    let house = House::new(&[("a.gbai/a.gbdialog/start.bas", "TALK \"one\"")]).await;
    let mut events = house.state.events.subscribe().await.unwrap();
    let before = house.bot("a");
    tokio::time::sleep(Duration::from_millis(300)).await;

    house.write("a.gbai/a.gbdialog/start.bas", "TALK \"two\"");
    house
        .wait("the new version", |house| house.bot("a").version != before.version)
        .await;

    assert_eq!(house.said("a", "start").await, ["two"]);
    let told = tokio::time::timeout(Duration::from_mins(1), events.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        told,
        Notice::Event(Event::BotChanged {
            bot: before.id,
            node: house.state.node
        })
    );
}

#[tokio::test]
async fn a_version_with_errors_leaves_the_last_good_one_running() {
    let house = House::new(&[
        ("a.gbai/start.bas", "TALK \"good\""),
        ("a.gbai/other.bas", "TALK \"other\""),
    ])
    .await;
    let good = house.bot("a").version.clone();

    house.write("a.gbai/start.bas", "TALK \"bad\nIF");
    house
        .wait("the diagnostics", |house| !house.mount.bots.diagnostics("a").is_empty())
        .await;
    let during = house.said("a", "start").await;
    let version = house.bot("a").version.clone();
    house.write("a.gbai/start.bas", "TALK \"mended\"");
    house
        .wait("the mended version", |house| {
            house.mount.bots.diagnostics("a").is_empty()
        })
        .await;

    assert_eq!((during, version), (vec!["good".to_owned()], good));
    assert_eq!(house.said("a", "start").await, ["mended"]);
}

#[tokio::test]
async fn a_package_that_was_never_good_becomes_good() {
    let house = House::new(&[("a.gbai/start.bas", "TLAK 1"), ("a.gbai/other.bas", "TALK \"other\"")]).await;

    house.write("a.gbai/other.bas", "TALK \"changed\"");
    house.until_said("a", "other", "changed").await;
    house.write("a.gbai/start.bas", "TALK \"good\"");
    house
        .wait("the good version", |house| house.mount.bots.diagnostics("a").is_empty())
        .await;

    assert_eq!(house.said("a", "start").await, ["good"]);
}

#[tokio::test]
async fn bots_come_and_go_with_their_folders() {
    let house = House::new(&[("a.gbai/start.bas", "TALK \"a\"")]).await;
    let names = |house: &House| {
        house
            .mount
            .bots
            .list()
            .iter()
            .map(|bot| bot.name.clone())
            .collect::<Vec<_>>()
    };

    house.write("b.gbai/b.gbdialog/start.bas", "TALK \"b\"");
    house.wait("the second bot", |house| names(house) == ["a", "b"]).await;
    let said = house.said("b", "start").await;
    std::fs::remove_dir_all(house.path("a.gbai")).unwrap();
    house.wait("the end of the first", |house| names(house) == ["b"]).await;

    assert_eq!(said, ["b"]);
    assert!(house.mount.bots.find("a").is_none());
}

#[tokio::test]
async fn a_folder_that_is_away_takes_no_bot_with_it() {
    let house = House::new(&[("a.gbai/start.bas", "TALK \"a\"")]).await;
    let (bots, away) = (house.path(""), house.folder.path().join("away"));

    std::fs::rename(&bots, &away).unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let during = house.said("a", "start").await;
    std::fs::rename(&away, &bots).unwrap();
    house.write("a.gbai/start.bas", "TALK \"back\"");
    house.until_said("a", "start", "back").await;

    assert_eq!(during, ["a"]);
}
