//! The database's contract: the same suite on SQLite and on PostgreSQL.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

#[path = "database/outages.rs"]
mod outages;
#[path = "database/schema.rs"]
mod schema;

use std::time::Duration;

use botlib::Secret;
use botserver_tests::servers::{Database, Postgres};
use botstate::{
    Db,
    config::{DatabaseConfig, DatabaseUrl},
    db::{self, server_keys},
    on_each,
};
use diesel::prelude::*;

/// A database of its own, gone with the test.
struct Fresh {
    db: Db,
    config: DatabaseConfig,
    _folder: tempfile::TempDir,
    _database: Option<Database>,
}

impl Fresh {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
        Self::open(url, folder, None).await
    }

    /// Nothing where no server can be had, which was said.
    async fn postgres() -> Option<Self> {
        let database = Postgres::shared()?.database();
        let url = DatabaseUrl::Postgres(Secret::new(database.url.clone()));
        Some(Self::open(url, tempfile::tempdir().unwrap(), Some(database)).await)
    }

    async fn open(url: DatabaseUrl, folder: tempfile::TempDir, database: Option<Database>) -> Self {
        let config = DatabaseConfig {
            url,
            pool_size: 4,
            timeout: Duration::from_mins(1),
        };
        let (db, _) = Db::open(&config).await.unwrap();
        Self {
            db,
            config,
            _folder: folder,
            _database: database,
        }
    }
}

/// Makes a test of each function for both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Fresh::sqlite().await).await; })*
        }

        mod postgres {
            $(#[tokio::test] async fn $name() {
                if let Some(fresh) = super::Fresh::postgres().await {
                    super::$name(fresh).await;
                }
            })*
        }
    };
}

on_both!(
    acknowledged_writes_are_read_at_once,
    a_write_that_fails_leaves_nothing_and_harms_no_other,
    a_write_that_panics_harms_no_other,
    a_violated_constraint_is_named,
    many_writers_at_once_all_commit,
    keys_are_made_once_for_all_nodes,
    opening_twice_changes_nothing,
    a_database_of_a_newer_server_is_refused,
    readers_that_wait_hold_no_threads,
    nothing_is_acknowledged_when_the_transaction_was_lost,
);

async fn put(db: &Db, name: &str, value: &str) -> Result<(), db::Error> {
    let (name, value) = (name.to_owned(), value.to_owned());
    db.write(move |conn| insert(conn, &name, &value).map_err(db::Error::from))
        .await
}

fn insert(conn: &mut db::Connection, name: &str, value: &str) -> QueryResult<()> {
    on_each!(conn, |conn| diesel::insert_into(server_keys::table)
        .values((server_keys::name.eq(name), server_keys::value.eq(value)))
        .execute(conn))?;
    Ok(())
}

async fn names(db: &Db) -> Vec<String> {
    db.read(|conn| {
        let rows = on_each!(conn, |conn| server_keys::table
            .select(server_keys::name)
            .order(server_keys::name)
            .load::<String>(conn));
        rows.map_err(db::Error::from)
    })
    .await
    .unwrap()
}

async fn acknowledged_writes_are_read_at_once(fresh: Fresh) {
    put(&fresh.db, "a", "1").await.unwrap();

    assert_eq!(names(&fresh.db).await, ["a"]);
}

async fn a_write_that_fails_leaves_nothing_and_harms_no_other(fresh: Fresh) {
    let failing = fresh.db.write(|conn| {
        insert(conn, "lost", "1")?;
        Err::<(), _>(db::Error::NotFound)
    });
    let (failed, kept) = tokio::join!(failing, put(&fresh.db, "kept", "1"));

    assert_eq!((failed, kept), (Err(db::Error::NotFound), Ok(())));
    assert_eq!(names(&fresh.db).await, ["kept"]);
}

async fn a_write_that_panics_harms_no_other(fresh: Fresh) {
    let panicking = fresh.db.write(|conn| {
        insert(conn, "lost", "1")?;
        assert!(std::hint::black_box(false), "on purpose");
        Ok::<_, db::Error>(())
    });
    let (broken, kept) = tokio::join!(panicking, put(&fresh.db, "kept", "1"));

    assert_eq!((broken, kept), (Err(db::Error::Broken), Ok(())));
    assert_eq!(names(&fresh.db).await, ["kept"]);
}

async fn a_violated_constraint_is_named(fresh: Fresh) {
    put(&fresh.db, "a", "1").await.unwrap();

    let error = put(&fresh.db, "a", "2").await.unwrap_err();

    let db::Error::Violated(violation) = error else {
        panic!("{error:?}")
    };
    assert!(violation.duplicate);
    assert!(violation.name.contains("server_keys"), "{violation}");
}

async fn many_writers_at_once_all_commit(fresh: Fresh) {
    let writers = (0..200).map(|number| {
        let db = fresh.db.clone();
        async move {
            db.write(move |conn| insert(conn, &format!("key-{number:03}"), "1").map_err(db::Error::from))
                .await
        }
    });

    let results = futures::future::join_all(writers).await;

    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(names(&fresh.db).await.len(), 200);
}

async fn keys_are_made_once_for_all_nodes(fresh: Fresh) {
    let keys = futures::future::join_all((0..8).map(|_| db::server_key(&fresh.db, "signing"))).await;

    let first = keys.first().unwrap().as_ref().unwrap().expose().to_owned();
    assert!(keys.iter().all(|key| key.as_ref().unwrap().expose() == first));
    assert_eq!(first.len(), 44, "32 bytes in Base64");
}

async fn opening_twice_changes_nothing(fresh: Fresh) {
    put(&fresh.db, "a", "1").await.unwrap();

    let (again, report) = Db::open(&fresh.config).await.unwrap();

    assert_eq!(report, db::MigrationReport::default());
    assert_eq!(names(&again).await, ["a"]);
}

async fn a_database_of_a_newer_server_is_refused(fresh: Fresh) {
    fresh
        .db
        .write(|conn| {
            let sql = "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99999', CURRENT_TIMESTAMP)";
            on_each!(conn, |conn| diesel::sql_query(sql).execute(conn)).map_err(db::Error::from)
        })
        .await
        .unwrap();

    let error = Db::open(&fresh.config).await.unwrap_err();

    assert!(error.to_string().contains("99999"), "{error}");
}

async fn readers_that_wait_hold_no_threads(fresh: Fresh) {
    let slow = || {
        fresh.db.read(|_| {
            std::thread::sleep(Duration::from_millis(50));
            Ok::<_, db::Error>(std::thread::current().id())
        })
    };

    let threads = futures::future::join_all((0..64).map(|_| slow())).await;

    let used: std::collections::HashSet<_> = threads.into_iter().map(Result::unwrap).collect();
    // One that hands its connection on may not be idle yet when the next starts.
    assert!(used.len() < 48, "{} threads for 4 connections", used.len());
}

/// A failure inside a shared transaction that takes the transaction with it must reach everyone in it.
async fn nothing_is_acknowledged_when_the_transaction_was_lost(fresh: Fresh) {
    // Which writes share a transaction is a matter of moments, so it is tried until the one that breaks it did.
    for round in 0..20 {
        let is_shared = lose_a_shared_transaction(&fresh.db, round).await;
        put(&fresh.db, &format!("later-{round}"), "1").await.unwrap();
        if is_shared {
            return;
        }
    }
    panic!("no write ever shared the transaction that was lost");
}

/// Breaks a transaction that others may share; true when both of them did.
async fn lose_a_shared_transaction(db: &Db, round: u32) -> bool {
    let (first, last) = (format!("before-{round}"), format!("after-{round}"));
    // Every writer is kept busy, so that what follows shares a transaction.
    let busy = futures::future::join_all((0..4).map(|number| async move {
        tokio::time::sleep(Duration::from_millis(number * 20)).await;
        db.write(|_| {
            std::thread::sleep(Duration::from_millis(300));
            Ok::<_, db::Error>(())
        })
        .await
    }));
    let before = async {
        tokio::time::sleep(Duration::from_millis(120)).await;
        put(db, &first, "1").await
    };
    let breaking = async {
        tokio::time::sleep(Duration::from_millis(140)).await;
        db.write(|conn| {
            let sql = match conn {
                db::Connection::Sqlite(_) => "ROLLBACK",
                db::Connection::Postgres(_) => "RELEASE SAVEPOINT diesel_savepoint_1",
            };
            on_each!(conn, |conn| diesel::sql_query(sql).execute(conn))?;
            on_each!(conn, |conn| diesel::sql_query("SELECT * FROM missing").execute(conn))?;
            Ok::<_, db::Error>(())
        })
        .await
    };
    let after = async {
        tokio::time::sleep(Duration::from_millis(160)).await;
        put(db, &last, "1").await
    };

    let (_, before, broke, after) = tokio::join!(busy, before, breaking, after);

    assert!(broke.is_err());
    let stored = names(db).await;
    for (name, result) in [(&first, &before), (&last, &after)] {
        assert_eq!(result.is_ok(), stored.contains(name), "{name}: {result:?}");
        assert!(
            matches!(result, Ok(()) | Err(db::Error::Unavailable(_))),
            "{name}: {result:?}"
        );
    }
    before.is_err() && after.is_err()
}
