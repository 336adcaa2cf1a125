//! Scripts that are edited while the server runs.

use std::time::{Duration, Instant};

use botserver_tests::client::Chat;
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup};

/// What a new visitor hears first.
async fn greeting(server: &Server) -> String {
    let (_, mut chat) = Chat::start(&server.url(), "live").await.unwrap();
    chat.turn().await.unwrap().text()
}

/// Waits until new visitors hear `wanted`; how long it took.
async fn until_greeted(server: &Server, wanted: &str) -> Duration {
    let started = Instant::now();
    loop {
        let heard = greeting(server).await;
        if heard == wanted {
            return started.elapsed();
        }
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "still {heard:?}\n{}",
            server.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_edited_script_is_live_soon_and_a_broken_one_changes_nothing() {
    let packages = Packages::of_start("live", "TALK \"one\"");
    let server = Setup::new().bots(packages.path()).start().await.unwrap();
    assert_eq!(greeting(&server).await, "one");

    packages.script("live", "start", "TALK \"two\"");
    println!("an edit was live after {:?}", until_greeted(&server, "two").await);

    packages.script("live", "start", "TALK \"three\"\nIF THEN\n");
    let deadline = Instant::now() + Duration::from_mins(1);
    while !server.log().contains("start.bas:2") {
        assert!(
            Instant::now() < deadline,
            "nothing was said of the mistake\n{}",
            server.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        server.log().contains("its last good version goes on"),
        "{}",
        server.log()
    );
    assert_eq!(greeting(&server).await, "two");

    packages.script("live", "start", "TALK \"four\"");
    until_greeted(&server, "four").await;
}

#[tokio::test]
async fn a_package_that_comes_or_goes_is_noticed() {
    let packages = Packages::of_start("other", "TALK \"hello\"");
    let server = Setup::new().bots(packages.path()).start().await.unwrap();
    assert!(Chat::start(&server.url(), "live").await.is_err());

    packages.script("live", "start", "TALK \"new here\"");
    let deadline = Instant::now() + Duration::from_mins(1);
    while Chat::start(&server.url(), "live").await.is_err() {
        assert!(Instant::now() < deadline, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(greeting(&server).await, "new here");

    std::fs::remove_dir_all(packages.package("live")).unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while Chat::start(&server.url(), "live").await.is_ok() {
        assert!(Instant::now() < deadline, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
