//! Nothing that was acknowledged is lost, doubled or out of order, whatever is killed while 200 people write.
//!
//! `BOTSERVER_CRASH_ROUNDS` sets how many times it is killed, 20 when absent.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

#[path = "crash/people.rs"]
mod people;

use std::time::Duration;

use botserver_tests::packages::Packages;
use botserver_tests::process::{Server, Setup};
use botserver_tests::servers::Postgres;
use uuid::Uuid;

use people::{Crowd, Patience};

const PEOPLE: usize = 200;

/// One test at a time, so that none measures the load of another.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A dialog that never ends and answers everything once.
const ECHO: &str = r#"
DO
  HEAR said
  TALK "echo ${said}"
LOOP
"#;

/// The longest that anything may take on a machine that is busy with other tests; the figures are printed.
const PATIENCE: Duration = Duration::from_mins(2);

fn rounds(usual: u32) -> u32 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test reads the environment of its run, not configuration"
    )]
    let wanted = std::env::var("BOTSERVER_CRASH_ROUNDS");
    wanted.map_or(usual, |wanted| {
        wanted.parse().expect("BOTSERVER_CRASH_ROUNDS is a number")
    })
}

/// A time between 0.2 and 1.2 s.
fn a_while() -> Duration {
    let chance = Uuid::now_v7().as_u128() % 1000;
    Duration::from_millis(200 + u64::try_from(chance).expect("it is below 1000"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_it_loses_and_doubles_nothing_on_sqlite() {
    let _alone = ALONE.lock().await;
    let packages = Packages::of_start("echo", ECHO);
    let mut server = Setup::new().bots(packages.path()).start().await.unwrap();

    kill_under_load(&mut server, rounds(20)).await;

    server.terminate(PATIENCE).unwrap();
    assert_eq!(integrity(&server), "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_it_loses_and_doubles_nothing_on_postgresql() {
    let _alone = ALONE.lock().await;
    let Some(postgres) = Postgres::own() else { return };
    let database = postgres.database();
    let packages = Packages::of_start("echo", ECHO);
    let setup = Setup::new().bots(packages.path()).env("DATABASE_URL", &database.url);
    let mut server = setup.start().await.unwrap();

    kill_under_load(&mut server, rounds(20)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_postgresql_is_killed_under_load_nothing_is_lost_or_doubled() {
    let _alone = ALONE.lock().await;
    let Some(mut postgres) = Postgres::own() else { return };
    let database = postgres.database();
    let packages = Packages::of_start("echo", ECHO);
    let setup = Setup::new().bots(packages.path()).env("DATABASE_URL", &database.url);
    let server = setup.start().await.unwrap();
    let mut crowd = Crowd::gather(&server.url(), "echo", PEOPLE).await;

    for round in 0..rounds(5) {
        let mut load = crowd.chat(Patience::Outages);
        load.until_answered(PATIENCE).await;
        tokio::time::sleep(a_while()).await;
        tokio::task::block_in_place(|| {
            postgres.kill().unwrap();
            std::thread::sleep(Duration::from_millis(300));
            postgres.restart().unwrap();
        });
        let back = load.until_answered(PATIENCE).await;
        load.end().await;
        println!("round {round}: everybody was answered again {back:?} after PostgreSQL was back");
    }

    crowd.finish().await;
    crowd.check_logs().await;
    assert_no_panic(&server);
}

/// Kills and restarts the server under the load of everybody, then compares what they know with the log.
async fn kill_under_load(server: &mut Server, rounds: u32) {
    let mut crowd = Crowd::gather(&server.url(), "echo", PEOPLE).await;
    let mut slowest = Duration::ZERO;

    for round in 0..rounds {
        let mut load = crowd.chat(Patience::None);
        // Every other time while people still come in, else when all of them write.
        if round % 2 == 0 {
            load.until_answered(PATIENCE).await;
        }
        tokio::time::sleep(a_while()).await;
        server.kill().unwrap();
        load.until_cut().await;
        let ready = server.restart().await.unwrap();
        println!(
            "round {round}: {} messages so far, ready again after {ready:?}",
            crowd.acknowledged()
        );
        slowest = slowest.max(ready);
    }

    crowd.finish().await;
    crowd.check_logs().await;
    assert_no_panic(server);
    println!(
        "{rounds} rounds, {} messages, ready again after {slowest:?} at most",
        crowd.acknowledged()
    );
}

fn assert_no_panic(server: &Server) {
    let log = server.log();
    let panics: Vec<_> = log.lines().filter(|line| line.contains("panicked")).collect();
    assert!(panics.is_empty(), "{panics:#?}");
}

/// What SQLite says of its file.
fn integrity(server: &Server) -> String {
    use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_types::Text};
    #[derive(QueryableByName)]
    struct Verdict {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let file = server.data().join("botserver.db");
    let mut conn = SqliteConnection::establish(&file.display().to_string()).unwrap();
    let verdict: Verdict = diesel::sql_query("PRAGMA integrity_check")
        .get_result(&mut conn)
        .unwrap();
    verdict.integrity_check
}
