//! Logs on each database, with a server in front that knows one auditor.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::body::Body;
use botlib::{Caller, Clock, ManualClock, NodeId, OrgId, PersonId, RequestId, Role, Secret, SessionId, SystemClock};
use botserver_compliance::ComplianceService;
use botserver_core::{App, Authenticator, Composed, Problem};
use botserver_tests::servers::{Database, Postgres};
use botstate::{
    AppState, Config, Db, Lifecycle, Ports,
    audit::Act,
    config::{DatabaseUrl, for_tests},
    db::{self, Connection, default_org},
    event::EventBus,
    job::{JobHandler, Jobs, NewJob, Sweep},
    on_each,
    shared::Local,
};
use diesel::RunQueryDsl as _;
use http::{HeaderMap, Request, StatusCode};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// A log on a database of its own.
pub(crate) struct House {
    pub(crate) state: AppState,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) compliance: ComplianceService,
    composed: Composed,
    _folder: TempDir,
    _database: Option<Database>,
}

/// Jobs of which only the upkeep is used.
#[derive(Default)]
struct Sweeps(Mutex<Vec<Arc<dyn Sweep>>>);

impl Jobs for Sweeps {
    fn enqueue(&self, job: NewJob) -> db::Change {
        panic!("nobody orders a {}", job.kind);
    }

    fn cancel(&self, _org: OrgId, key: String) -> db::Change {
        panic!("nobody cancels {key}");
    }

    fn handle(&self, kind: &'static str, _handler: Arc<dyn JobHandler>) {
        panic!("nobody handles a {kind}");
    }

    fn sweep(&self, sweep: Arc<dyn Sweep>) {
        self.0.lock().unwrap().push(sweep);
    }
}

/// Everybody with a bearer token is the person whose role it names.
struct Doorman;

#[async_trait]
impl Authenticator for Doorman {
    async fn authenticate(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem> {
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
        let role = match bearer {
            Some("Bearer admin") => Role::Admin,
            Some("Bearer member") => Role::Member,
            _ => return Ok(Caller::nobody(org, request)),
        };
        Ok(person(org, role, request))
    }
}

pub(crate) fn person(org: OrgId, role: Role, request: RequestId) -> Caller {
    let id = PersonId::from_uuid(uuid::Uuid::from_u128(7));
    Caller::person(org, id, role, SessionId::new(), request)
}

pub(crate) async fn houses() -> Vec<House> {
    let folder = tempfile::tempdir().unwrap();
    let mut houses = vec![House::open(config_in(folder.path()), folder, None).await];
    if let Some(server) = Postgres::shared() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config_in(folder.path());
        let database = server.database();
        config.database.url = DatabaseUrl::Postgres(Secret::new(database.url.clone()));
        config.database.pool_size = 4;
        houses.push(House::open(config, folder, Some(database)).await);
    }
    houses
}

fn config_in(folder: &Path) -> Config {
    let mut config = for_tests(folder);
    config.database.timeout = Duration::from_secs(30);
    config.http.rate_per_minute = 0;
    config
}

impl House {
    async fn open(config: Config, folder: TempDir, database: Option<Database>) -> Self {
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let (db, _) = Db::open(&config.database).await.unwrap();
        let org = default_org(&db, clock.now()).await.unwrap();
        let local = Arc::new(Local::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let state = AppState {
            config: Arc::new(config),
            db,
            lifecycle: Lifecycle::new(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            chance: Arc::new(botlib::SystemChance),
            node: NodeId::new(),
            org,
            events: EventBus::new(Arc::clone(&local) as _),
            cache: Arc::clone(&local) as _,
            pubsub: Arc::clone(&local) as _,
            leases: Arc::clone(&local) as _,
            limits: local,
            ports: Ports::default(),
        };
        let compliance = ComplianceService::new(&state);
        let composed = App::new(&state)
            .authenticator(Arc::new(Doorman))
            .routes(compliance.routes())
            .build();
        Self {
            state,
            clock,
            compliance,
            composed,
            _folder: folder,
            _database: database,
        }
    }

    /// Notes acts of `org` with these details, in one transaction.
    pub(crate) async fn note(&self, org: OrgId, details: impl IntoIterator<Item = String>) {
        let acts: Vec<Act> = details
            .into_iter()
            .map(|detail| {
                Act::of(&person(org, Role::Admin, RequestId::new()), "people.create")
                    .on("person", 7)
                    .with("name", detail)
            })
            .collect();
        let now = self.clock.now();
        self.state
            .db
            .write(move |conn| {
                for act in &acts {
                    act.record(conn, now)?;
                }
                Ok::<_, db::Error>(())
            })
            .await
            .unwrap();
    }

    /// Notes and seals that many acts of the default organisation.
    pub(crate) async fn seal(&self, count: usize) {
        self.note(self.state.org, (0..count).map(|number| format!("Ann {number}")))
            .await;
        assert_eq!(self.compliance.seal().await.unwrap(), count);
    }

    /// What somebody does who has the database in their hands: SQL past every guard.
    pub(crate) async fn tamper(&self, sql: &str) {
        let sql = sql.to_owned();
        self.state
            .db
            .write(move |conn| {
                match conn {
                    Connection::Sqlite(_) => run(conn, "DROP TRIGGER IF EXISTS audit_entries_stay")
                        .and_then(|()| run(conn, "DROP TRIGGER IF EXISTS audit_entries_are_fixed")),
                    Connection::Postgres(_) => run(conn, "ALTER TABLE audit_entries DISABLE TRIGGER ALL"),
                }?;
                run(conn, &sql)
            })
            .await
            .unwrap();
    }

    /// Deletes what is older than that many days, as the hourly upkeep does.
    pub(crate) async fn prune(&self, days: u64) {
        let mut state = self.state.clone();
        let mut config = (*state.config).clone();
        config.audit_keep = Some(Duration::from_secs(days * 86_400));
        state.config = Arc::new(config);
        let sweeps = Arc::new(Sweeps::default());
        state.ports.jobs = Some(Arc::clone(&sweeps) as _);
        ComplianceService::new(&state).start(&state);
        let sweep = sweeps.0.lock().unwrap().pop().unwrap();
        sweep.sweep(self.clock.now()).await.unwrap();
    }

    /// What an ordinary statement is answered.
    pub(crate) async fn try_sql(&self, sql: &str) -> Result<(), db::Error> {
        let sql = sql.to_owned();
        self.state.db.write(move |conn| run(conn, &sql)).await
    }

    pub(crate) async fn get(&self, path: &str, bearer: &str) -> (StatusCode, String) {
        let request = Request::get(path)
            .header("authorization", format!("Bearer {bearer}"))
            .body(Body::empty())
            .unwrap();
        let answer = self.composed.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

fn run(conn: &mut Connection, sql: &str) -> Result<(), db::Error> {
    on_each!(conn, |conn| diesel::sql_query(sql).execute(conn))?;
    Ok(())
}
