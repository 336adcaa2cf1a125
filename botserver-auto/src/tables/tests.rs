use botlib::{Caller, ManualClock, OrgId, RequestId, VisitorId};
use botserver_tests::servers::{Database, Postgres};
use botstate::{
    config::{DatabaseUrl, for_tests},
    dialog::{Operation, Settings, Trigger},
};
use tempfile::TempDir;

use super::{model::Kind, *};
use crate::filter::Filter;

/// Tables on one database.
struct Store {
    tables: Tables,
    _folder: TempDir,
    _database: Option<Database>,
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new("2030-05-13T09:00:00Z".parse().unwrap()))
}

/// A store on SQLite, and one on PostgreSQL where there is one.
async fn stores() -> Vec<Store> {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::Folder(folder.path().to_owned());
    let mut stores = vec![Store {
        tables: Tables::new(home, Arc::default(), clock(), None),
        _folder: folder,
        _database: None,
    }];
    if let Some(server) = Postgres::shared() {
        let (folder, database) = (tempfile::tempdir().unwrap(), server.database());
        let mut config = for_tests(folder.path());
        config.database.url = DatabaseUrl::Postgres(botlib::Secret::new(database.url.clone()));
        config.database.pool_size = 2;
        let (db, _) = Db::open(&config.database).await.unwrap();
        stores.push(Store {
            tables: Tables::new(Home::Server(db), Arc::default(), clock(), None),
            _folder: folder,
            _database: Some(database),
        });
    }
    stores
}

fn bot(triggers: Vec<Trigger>) -> Arc<Bot> {
    let org = OrgId::from_uuid(uuid::Uuid::nil());
    Arc::new(Bot {
        id: crate::mounted::bot_id(org, "a"),
        org,
        name: "a".to_owned(),
        version: "1".to_owned(),
        settings: Settings::default(),
        prompt: None,
        tools: Vec::new(),
        scripts: Vec::new(),
        triggers,
        start_wants_message: false,
        chooses_collections: false,
        prompts: Vec::new(),
    })
}

fn ask(bot: &Arc<Bot>, key: &str) -> Ask {
    let watched = vec![
        ("notes".to_owned(), Operation::Insert),
        ("notes".to_owned(), Operation::Delete),
    ];
    Ask {
        bot: Arc::clone(bot),
        terms: Terms {
            roles: Roles::server(),
            open: true,
            key: key.to_owned(),
            watched,
            depth: 3,
        },
    }
}

fn row(entries: &[(&str, Value)]) -> Map {
    entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

async fn rows(store: &Store, bot: &Arc<Bot>, table: &'static str) -> Rows {
    let reading = store.tables.read(ask(bot, ""), move |work| {
        Ok(work.find(table, &Wanted::of(Filter::all()))?.unwrap_or_default())
    });
    reading.await.unwrap()
}

#[tokio::test]
async fn a_call_that_is_made_again_changes_nothing_and_has_its_first_result() {
    for store in stores().await {
        let bot = bot(Vec::new());
        let insert = |text: &'static str| {
            move |work: &mut Work<'_>| {
                let made = work.insert("notes", &row(&[("text", text.into())]))?;
                Ok(Value::Map(made))
            }
        };
        let first = store.tables.write(ask(&bot, "call-1"), insert("a")).await.unwrap();

        let again = store.tables.write(ask(&bot, "call-1"), insert("b")).await.unwrap();
        let other = store.tables.write(ask(&bot, "call-2"), insert("c")).await.unwrap();

        assert_eq!(first, again);
        assert_ne!(first, other);
        assert_eq!(rows(&store, &bot, "notes").await.len(), 2);
    }
}

#[tokio::test]
async fn a_call_that_failed_wrote_nothing_and_may_be_made_again() {
    for store in stores().await {
        let bot = bot(Vec::new());
        let failing = |work: &mut Work<'_>| {
            work.insert("notes", &row(&[("text", "a".into())]))?;
            Err(fault("the script's own".to_owned()).into())
        };
        let failed = store.tables.write(ask(&bot, "call-1"), failing).await;

        let working = store.tables.write(ask(&bot, "call-1"), |work| {
            work.insert("notes", &row(&[("text", "b".into())]))?;
            Ok(Value::Null)
        });

        assert!(failed.is_err() && working.await.is_ok());
        let kept = rows(&store, &bot, "notes").await;
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].get("text"), Some(&Value::text("b")));
    }
}

#[tokio::test]
async fn what_is_tried_is_undone_and_its_numbers_are_given_to_nobody_else() {
    for store in stores().await {
        let bot = bot(Vec::new());
        let insert = |work: &mut Work<'_>| {
            let made = work.insert("notes", &row(&[("text", "a".into())]))?;
            Ok(made.get("id").cloned().unwrap_or_default())
        };
        let first = store.tables.write(ask(&bot, "call-1"), insert).await.unwrap();

        let tried = store.tables.attempt(ask(&bot, "call-2"), insert).await.unwrap();
        let kept = store.tables.write(ask(&bot, "call-3"), insert).await.unwrap();

        assert_eq!((first, tried, kept), (Value::Int(1), Value::Int(2), Value::Int(3)));
        assert_eq!(rows(&store, &bot, "notes").await.len(), 2);
    }
}

#[tokio::test]
async fn changes_wait_until_they_are_forgotten() {
    for store in stores().await {
        let bot = bot(Vec::new());
        store
            .tables
            .0
            .shelf
            .put(Arc::new(crate::mounted::Mounted::of(Arc::clone(&bot))), Vec::new());
        let work = |work: &mut Work<'_>| {
            work.insert("notes", &row(&[("text", "a".into())]))?;
            work.insert("others", &row(&[("text", "b".into())]))?;
            work.update("notes", &Filter::all(), &Setting::plain(&row(&[("text", "c".into())])))?;
            work.delete("notes", &Filter::all())?;
            Ok(Value::Null)
        };
        store.tables.write(ask(&bot, "call-1"), work).await.unwrap();
        store.tables.write(ask(&bot, "call-1"), work).await.unwrap();

        let waiting = store.tables.take_changes(bot.id, 0, 10).await.unwrap();
        assert!(waiting.iter().all(|change| change.depth == 3), "{waiting:?}");
        let seqs: Vec<i64> = waiting.iter().map(|change| change.seq).collect();
        store.tables.forget_changes(bot.id, seqs[..1].to_vec()).await.unwrap();
        let left = store.tables.take_changes(bot.id, 0, 10).await.unwrap();

        let told: Vec<_> = waiting
            .iter()
            .map(|change| (change.operation, change.row.get("text").cloned().unwrap_or_default()))
            .collect();
        assert_eq!(
            told,
            [
                (Operation::Insert, Value::text("a")),
                (Operation::Delete, Value::text("c"))
            ]
        );
        assert_eq!(left, waiting[1..]);
    }
}

#[tokio::test]
async fn columns_are_read_and_written_by_their_roles_only() {
    let schema = crate::basic::TableDef {
        name: "people".to_owned(),
        fields: ["name", "salary"]
            .map(|name| crate::basic::FieldDef {
                name: name.to_owned(),
                read_roles: (name == "salary").then(|| "admin".to_owned()).into_iter().collect(),
                write_roles: (name == "salary").then(|| "admin".to_owned()).into_iter().collect(),
                ..Default::default()
            })
            .to_vec(),
        ..Default::default()
    };
    for store in stores().await {
        let bot = bot(Vec::new());
        let open = store.tables.open(&bot).await.unwrap();
        let (place, table) = (open.place.clone(), model::Table::declared(&schema));
        let making = open.db.write(move |conn| catalog::create(conn, &place, table));
        making.await.unwrap();
        let save = |work: &mut Work<'_>| {
            work.insert("people", &row(&[("name", "Ana".into()), ("salary", "9".into())]))?;
            Ok(Value::Null)
        };
        let caller = Caller::visitor(
            bot.org,
            VisitorId::new(),
            bot.id,
            botlib::ConversationId::new(),
            RequestId::new(),
        );
        let visitor = |key: &str| {
            let mut ask = ask(&bot, key);
            ask.terms.roles = Roles::of(&caller);
            ask
        };
        store.tables.write(ask(&bot, "1"), save).await.unwrap();

        let refused = store.tables.write(visitor("2"), save).await.unwrap_err();
        let reading = store.tables.read(visitor("3"), |work| {
            let filter = Filter::equals("salary", &Value::text("9"));
            let all = work.find("people", &Wanted::of(Filter::all()))?;
            Ok((all.unwrap_or_default(), work.find("people", &Wanted::of(filter))?))
        });
        let (all, by_salary) = reading.await.unwrap();

        assert_eq!(refused.kind, FaultKind::Permission);
        assert_eq!(all, [row(&[("name", "Ana".into())])]);
        assert_eq!(by_salary, Some(Vec::new()), "a filter would tell what may not be read");
    }
}

/// Cells that look alike and are not the same.
fn cells() -> Vec<Value> {
    let mut cells: Vec<Value> = [
        "",
        " ",
        "0",
        "-0",
        "5",
        "5.0",
        "05",
        "+5",
        "5 ",
        "1e1",
        "10",
        "12345",
        "012345",
        "true",
        "false",
        "TRUE",
        "Ana",
        "ana",
        "A%",
        "%",
        "_",
        "O'Neil",
        "\\",
        "2030-05-13",
        "2030-05-13T09:00:00Z",
        "13/05/2030",
        "{",
        "null",
        "\"5\"",
        "é",
        "123456789012345678",
    ]
    .map(Value::text)
    .to_vec();
    cells.extend([
        Value::Null,
        Value::Int(0),
        Value::Int(5),
        Value::Int(-7),
        Value::Int(i64::MAX),
        Value::Decimal("5.5".parse().unwrap()),
        Value::Decimal("0.10".parse().unwrap()),
        Value::Bool(true),
        Value::Bool(false),
        Value::Date("2030-05-13".parse().unwrap()),
        Value::DateTime("2030-05-13T09:00:00Z".parse().unwrap()),
        Value::Duration(chrono::TimeDelta::seconds(5)),
        Value::List(vec![Value::Int(5)]),
    ]);
    cells
}

/// What the database finds is what the same filter finds in memory, whatever the kinds of columns and values are.
#[tokio::test]
async fn sql_and_memory_find_the_same_rows() {
    let kinds = [
        Kind::Any,
        Kind::Text,
        Kind::Int,
        Kind::Decimal,
        Kind::Bool,
        Kind::Date,
        Kind::DateTime,
    ];
    let forms = [
        "c = {}",
        "c != {}",
        "c < {}",
        "c >= {}",
        "NOT (c > {} OR c = 5)",
        "c IN ({}, 'Ana')",
        "c BETWEEN {} AND 10",
        "c IS NULL OR c = {}",
        "c LIKE {}",
        "NOT c = {} AND c IS NOT NULL",
        "LOWER(c) = {}",
        "c = {} AND n > 3",
    ];
    for store in stores().await {
        let bot = bot(Vec::new());
        let open = store.tables.open(&bot).await.unwrap();
        for kind in kinds {
            let name = format!("{kind:?}");
            let mut table = model::Table::open(&name);
            table.columns = vec![
                model::Column {
                    kind,
                    ..model::Column::any("c")
                },
                model::Column {
                    kind: Kind::Int,
                    ..model::Column::any("n")
                },
            ];
            let (place, made) = (open.place.clone(), table.clone());
            let making = open.db.write(move |conn| catalog::create(conn, &place, made));
            making.await.unwrap();
            let saved = name.clone();
            let saving = store.tables.write(ask(&bot, &name), move |work| {
                for (n, cell) in cells().into_iter().enumerate() {
                    if cell::encode(&table, &table.columns[0], &cell).is_ok() {
                        let n = Value::Int(i64::try_from(n).unwrap());
                        work.insert(&saved, &row(&[("c", cell), ("n", n)]))?;
                    }
                }
                Ok(Value::Null)
            });
            saving.await.unwrap();
            let wrong = store.tables.read(ask(&bot, ""), move |work| {
                let now = work.now();
                let all = work.find(&name, &Wanted::of(Filter::all()))?.unwrap_or_default();
                let mut wrong = Vec::new();
                for form in forms {
                    for value in cells() {
                        let (before, after) = form.split_once("{}").unwrap();
                        let parts = Value::List(vec![before.into(), value.clone(), after.into()]);
                        let filter = Filter::parse(&parts)?;
                        let expected: Rows = all.iter().filter(|row| filter.matches(row, &now)).cloned().collect();
                        let found = work.find(&name, &Wanted::of(filter))?.unwrap_or_default();
                        if found != expected {
                            wrong.push(format!("{name} {form} {value:?}: {found:?} and not {expected:?}"));
                        }
                    }
                }
                Ok(wrong)
            });
            let wrong = wrong.await.unwrap();
            assert!(wrong.is_empty(), "{} differ, such as {}", wrong.len(), wrong[0]);
        }
    }
}
