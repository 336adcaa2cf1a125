//! The database through outages, and several servers that open it at once.

use std::time::{Duration, Instant};

use botlib::Secret;
use botserver_tests::servers::Postgres;
use botstate::{
    Db,
    config::{DatabaseConfig, DatabaseUrl},
    db::{self, server_keys},
    on_each,
};
use diesel::prelude::*;

use super::{names, put};

/// Waits that are short enough for the suite, and long enough for a busy disk.
fn config(url: DatabaseUrl) -> DatabaseConfig {
    DatabaseConfig {
        url,
        pool_size: 4,
        timeout: Duration::from_secs(5),
    }
}

fn of(server: &Postgres) -> DatabaseConfig {
    config(DatabaseUrl::Postgres(Secret::new(server.database().url.clone())))
}

/// One open makes the schema, the others wait for it.
async fn open_at_once(config: &DatabaseConfig) {
    let opened = futures::future::join_all((0..6).map(|_| Db::open(config))).await;

    let reports: Vec<_> = opened.into_iter().map(|opened| opened.unwrap().1).collect();
    let made = reports.iter().filter(|report| !report.applied.is_empty()).count();
    assert_eq!(made, 1, "{reports:?}");
}

#[tokio::test]
async fn servers_that_start_at_once_make_one_schema_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();

    open_at_once(&config(DatabaseUrl::Sqlite(folder.path().join("test.db")))).await;
}

#[tokio::test]
async fn servers_that_start_at_once_make_one_schema_on_postgresql() {
    let Some(server) = Postgres::shared() else { return };
    let database = server.database();

    open_at_once(&config(DatabaseUrl::Postgres(Secret::new(database.url.clone())))).await;
}

#[tokio::test]
async fn a_restarted_server_is_used_at_once() {
    let Some(mut server) = Postgres::own() else { return };
    let (db, _) = Db::open(&of(&server)).await.unwrap();
    let warm = (0..8).map(|number| write_slowly(&db, number));
    futures::future::join_all(warm).await;
    futures::future::join_all((0..4).map(|_| names(&db))).await;

    server.kill().unwrap();
    let gone = put(&db, "gone", "1").await;
    server.restart().unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;

    assert!(matches!(gone, Err(db::Error::Unavailable(_))), "{gone:?}");
    let results = futures::future::join_all((8..16).map(|number| write_slowly(&db, number))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(names(&db).await.len(), 16);
}

/// Takes long enough that several writers are at work.
async fn write_slowly(db: &Db, number: u32) -> Result<(), db::Error> {
    tokio::time::sleep(Duration::from_millis(u64::from(number % 8) * 10)).await;
    db.write(move |conn| {
        std::thread::sleep(Duration::from_millis(50));
        super::insert(conn, &format!("key-{number}"), "1").map_err(db::Error::from)
    })
    .await
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_in_time_and_used_again_when_it_answers() {
    let Some(mut server) = Postgres::own() else { return };
    let config = of(&server);
    let (db, _) = Db::open(&config).await.unwrap();
    put(&db, "before", "1").await.unwrap();

    server.pause().unwrap();
    let write = put(&db, "never", "1").await;
    let read = db.read(|_| Ok::<_, db::Error>(())).await;
    let open = Db::open(&config).await.map(|_| ());
    server.resume().unwrap();

    assert!(matches!(write, Err(db::Error::Unavailable(_))), "{write:?}");
    assert!(matches!(read, Err(db::Error::Unavailable(_))), "{read:?}");
    assert!(matches!(open, Err(db::OpenError::Server(_))), "{open:?}");
    let deadline = Instant::now() + Duration::from_mins(1);
    while let Err(error) = put(&db, "after", "1").await {
        assert!(Instant::now() < deadline, "{error}");
    }
    assert_eq!(
        names(&db).await,
        ["after", "before"],
        "what was refused must not happen later"
    );
}

#[tokio::test]
async fn of_two_writes_that_wait_for_each_other_one_may_try_again() {
    let Some(server) = Postgres::shared() else { return };
    let database = server.database();
    let mut config = config(DatabaseUrl::Postgres(Secret::new(database.url.clone())));
    config.timeout = Duration::from_mins(1);
    let (db, _) = Db::open(&config).await.unwrap();
    put(&db, "a", "1").await.unwrap();
    put(&db, "b", "1").await.unwrap();

    // Whether the two meet is a matter of moments, so it is tried until they did.
    for _ in 0..50 {
        let second = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            touch(&db, "b", "a").await
        };
        match tokio::join!(touch(&db, "a", "b"), second) {
            (Ok(()), Ok(())) => {}
            (Ok(()), Err(error)) | (Err(error), Ok(())) => {
                assert!(matches!(error, db::Error::Unavailable(_)), "{error:?}");
                return;
            }
            both => panic!("{both:?}"),
        }
    }
    panic!("the two never waited for each other");
}

/// Changes two rows, the second some time after the first.
async fn touch(db: &Db, first: &'static str, second: &'static str) -> Result<(), db::Error> {
    db.write(move |conn| {
        for name in [first, second] {
            on_each!(conn, |conn| diesel::update(server_keys::table.find(name))
                .set(server_keys::value.eq("2"))
                .execute(conn))?;
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_full_disk_is_an_outage_and_ends_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(DatabaseUrl::Sqlite(folder.path().join("test.db")));
    let (db, _) = Db::open(&config).await.unwrap();
    let limit = |pages: u32| {
        db.write(move |conn| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            on_each!(conn, |conn| diesel::sql_query(sql).execute(conn)).map_err(db::Error::from)
        })
    };
    limit(1).await.unwrap();

    let text = "x".repeat(1 << 20);
    let (small, large) = tokio::join!(put(&db, "small", "1"), put(&db, "large", &text));
    let stored = names(&db).await;
    limit(1 << 30).await.unwrap();

    assert!(matches!(large, Err(db::Error::Unavailable(_))), "{large:?}");
    assert_eq!(small.is_ok(), stored == ["small"], "{small:?} {stored:?}");
    put(&db, "later", "1").await.unwrap();
}
