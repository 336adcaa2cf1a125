//! PostgreSQL goes away while people write.

use std::time::Duration;

use botserver_tests::client::{Chat, Visitor};
use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup};
use botserver_tests::servers::Postgres;

use super::{ECHO, watch};

struct Scene {
    postgres: Postgres,
    server: Server,
    writer: Visitor,
    caller: Visitor,
    chat: Chat,
    _packages: Packages,
}

impl Scene {
    async fn new() -> Option<Self> {
        let postgres = Postgres::own()?;
        let packages = Packages::of_start("echo", ECHO);
        let url = postgres.database().url.clone();
        let server = Setup::new()
            .bots(packages.path())
            .env("DATABASE_URL", url)
            .env("BOTSERVER_DATABASE_TIMEOUT", "5")
            .start()
            .await
            .unwrap();
        let (writer, mut chat) = Chat::start(&server.url(), "echo").await.unwrap();
        let caller = Visitor::arrive(&server.url(), "echo").await.unwrap();
        watch::insist(&mut chat, "w-before", "before").await;
        // The first message of a conversation begins its dialog.
        assert_eq!(watch::post(&caller, "c-hello", "hello").await.0, 201);
        assert_eq!(watch::post(&caller, "c-before", "before").await.0, 201);
        Some(Self {
            postgres,
            server,
            writer,
            caller,
            chat,
            _packages: packages,
        })
    }

    /// While the database is away: bounded refusals by both doors, and the truth on the health page.
    async fn refuses(&mut self) {
        let frame = async {
            let started = std::time::Instant::now();
            self.chat.send_as("w-during", "during").await.unwrap();
            (
                watch::outcome(&mut self.chat, "w-during").await.unwrap(),
                started.elapsed(),
            )
        };
        let ((frame, waited), (status, kind, body, waited_too), (), ()) = tokio::join!(
            frame,
            watch::post(&self.caller, "c-during", "during"),
            watch::wait_ready(&self.server, "database", (503, false)),
            watch::assert_alive(&self.server),
        );

        assert_eq!(frame.kind.as_deref(), Some("error"), "{frame:?}");
        assert_eq!(frame.data.as_ref().unwrap()["status"], 503, "{frame:?}");
        assert_eq!((status, kind.as_str()), (503, "application/problem+json"), "{body}");
        assert!(
            waited < watch::BOUND && waited_too < watch::BOUND,
            "{waited:?} {waited_too:?}"
        );
        println!("refused after {waited:?} and {waited_too:?}");
    }

    /// After it is back: the refused messages are taken when they are sent again, once each.
    async fn recovers(&mut self) {
        let back = watch::insist(&mut self.chat, "w-during", "during").await;
        watch::wait_ready(&self.server, "database", (200, true)).await;
        assert_eq!(watch::post(&self.caller, "c-during", "during").await.0, 201);

        let wanted = ["before", "echo before", "during", "echo during"];
        assert_eq!(watch::said(&self.writer).await, wanted);
        let log = watch::said(&self.caller).await;
        assert!(log.ends_with(&wanted.map(str::to_owned)), "{log:?}");
        assert!(!self.server.log().contains("panicked"));
        println!("taken again after {back:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_costs_bounded_waits_and_nothing_else() {
    let Some(mut scene) = Scene::new().await else { return };

    scene.postgres.pause().unwrap();
    scene.refuses().await;
    scene.postgres.resume().unwrap();

    scene.recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_crashes_costs_bounded_refusals_and_nothing_else() {
    let Some(mut scene) = Scene::new().await else { return };

    scene.postgres.kill().unwrap();
    scene.refuses().await;
    tokio::task::block_in_place(|| scene.postgres.restart()).unwrap();

    scene.recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_again_and_again_do_not_leak() {
    let Some(mut scene) = Scene::new().await else { return };
    let others = "FROM pg_stat_activity WHERE datname LIKE 'test_%' AND pid <> pg_backend_pid()";

    for cycle in 0..20 {
        scene
            .postgres
            .run(&format!("SELECT pg_terminate_backend(pid) {others}"))
            .unwrap();
        watch::insist(&mut scene.chat, &format!("cycle-{cycle}"), "again").await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;

    let connections: u32 = scene
        .postgres
        .run(&format!("SELECT count(*) {others}"))
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        connections <= 20,
        "{connections} connections for 16 readers and 4 writers"
    );
    let said = watch::said(&scene.writer).await;
    assert_eq!(said.iter().filter(|text| *text == "echo again").count(), 20, "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_after_all_reaches_open_sockets() {
    let Some(mut scene) = Scene::new().await else { return };
    let settle = |scene: &Scene, standby: &str| {
        let setting = format!("ALTER SYSTEM SET synchronous_standby_names = '{standby}'");
        scene.postgres.run(&setting).unwrap();
        scene.postgres.run("SELECT pg_reload_conf()").unwrap();
    };

    // A commit now waits for a copy that nobody takes, and stands all the same.
    settle(&scene, "nobody");
    scene.chat.send_as("w-unsure", "unsure").await.unwrap();
    let unsure = watch::outcome(&mut scene.chat, "w-unsure").await.unwrap();
    settle(&scene, "");
    tokio::time::sleep(Duration::from_secs(1)).await;
    watch::insist(&mut scene.chat, "w-after", "after").await;

    println!("the person was told {:?} of it", unsure.kind);
    let said = watch::said(&scene.writer).await;
    assert_eq!(
        said,
        ["before", "echo before", "unsure", "echo unsure", "after", "echo after"]
    );
    let seen = scene.chat.seen();
    assert!(
        seen.windows(2).all(|pair| pair[0] + 1 == pair[1]),
        "the socket saw {seen:?}"
    );
}
