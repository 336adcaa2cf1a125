//! Valkey goes away while people write: everything goes on, and several nodes see each other again afterwards.

use std::time::{Duration, Instant};

use botserver_tests::client::Chat;
use botserver_tests::packages::Packages;
use botserver_tests::process::Setup;
use botserver_tests::servers::Redis;

use super::{ECHO, watch};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_cache_people_are_answered_all_the_same() {
    let Some(mut redis) = Redis::own() else { return };
    let packages = Packages::of_start("echo", ECHO);
    let setup = Setup::new().bots(packages.path()).env("REDIS_URL", &redis.url);
    let server = setup.start().await.unwrap();
    let (visitor, mut chat) = Chat::start(&server.url(), "echo").await.unwrap();
    watch::insist(&mut chat, "before", "before").await;
    watch::wait_ready(&server, "cache", (200, true)).await;

    for (way, outage) in [("killed", 0), ("hangs", 1)] {
        if outage == 0 { redis.kill() } else { redis.pause() }.unwrap();
        for number in 0..3 {
            let started = Instant::now();
            let id = format!("{way}-{number}");
            chat.send_as(&id, &id).await.unwrap();
            let end = watch::outcome(&mut chat, &id).await.unwrap();
            println!("{id} was answered after {:?}", started.elapsed());
            assert_eq!(end.kind.as_deref(), Some("turn_completed"), "{end:?}");
        }
        watch::assert_alive(&server).await;
        watch::wait_ready(&server, "cache", (200, false)).await;

        if outage == 0 { redis.restart() } else { redis.resume() }.unwrap();
        watch::wait_ready(&server, "cache", (200, true)).await;
    }

    tokio::time::sleep(Duration::from_millis(200)).await;
    watch::insist(&mut chat, "after", "after").await;
    assert_eq!(watch::said(&visitor).await.len(), 16);
    assert!(!server.log().contains("panicked"));
}
