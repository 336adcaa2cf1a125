//! A folder of packages, a database and a clock, and servers on them that may be killed.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use botlib::{
    BotId, Caller, Clock, ConversationId, ManualClock, NodeId, OrgId, Permission, RequestId, Secret, Value, value::Map,
};
use botserver_auto::{AutoHandles, AutoService};
use botserver_chat::ChatService;
use botserver_core::{App, Authenticator, Composed, Problem};
use botserver_tasks::TasksService;
use botserver_tests::servers::{Database, Postgres};
use botstate::{
    AppState, Db, Lifecycle, Ports,
    config::{Config, DatabaseUrl, for_tests},
    db::{self, default_org},
    dialog::Fault,
    event::EventBus,
    keyword::{Args, Class, Handler, Keyword, Registry, Turn},
    run::{Channel, Order, Ran, Task},
    service::Service as _,
    shared::Local,
};
use chrono::{DateTime, TimeDelta};
use http::{HeaderMap, Request};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// What outlives a server: its folder, its database, its clock, and the outside.
pub(crate) struct House {
    config: Config,
    pub(crate) clock: Arc<ManualClock>,
    /// What `PROBE text` was called with, and under which keys.
    pub(crate) probed: Arc<Mutex<Vec<(String, String)>>>,
    _folder: TempDir,
    database: Option<Database>,
}

/// A house on SQLite, and one on PostgreSQL where there is one.
pub(crate) fn houses(files: &[(&str, &str)]) -> Vec<House> {
    let mut houses = vec![House::new(files)];
    if let Some(server) = Postgres::shared() {
        let database = server.database();
        let mut house = House::new(files);
        house.config.database.url = DatabaseUrl::Postgres(Secret::new(database.url.clone()));
        house.config.database.pool_size = 4;
        house.database = Some(database);
        houses.push(house);
    }
    houses
}

impl House {
    /// A house on SQLite whose folder of bots has `files`. It is Tuesday, 20 January 2026, 10:20:30 UTC.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            write(&folder.path().join("bots").join(path), text);
        }
        let mut config = for_tests(folder.path());
        config.database.timeout = Duration::from_secs(30);
        config.http.rate_per_minute = 0;
        let start: DateTime<chrono::Utc> = "2026-01-20T10:20:30Z".parse().unwrap();
        Self {
            config,
            clock: Arc::new(ManualClock::new(start)),
            probed: Arc::default(),
            _folder: folder,
            database: None,
        }
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        write(&self.config.bots_dir.join(path), text);
    }

    /// Starts a server in the house.
    pub(crate) async fn open(&self) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (config, clock, probed) = (self.config.clone(), Arc::clone(&self.clock), Arc::clone(&self.probed));
        let (state, tasks, composed) = runtime.spawn(start(config, clock, probed)).await.unwrap();
        Server {
            runtime: Some(runtime),
            state,
            tasks,
            composed,
            clock: Arc::clone(&self.clock),
        }
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

async fn start(
    config: Config,
    clock: Arc<ManualClock>,
    probed: Arc<Mutex<Vec<(String, String)>>>,
) -> (AppState, TasksService, Composed) {
    let clock: Arc<dyn Clock> = clock;
    let (db, _) = Db::open(&config.database).await.unwrap();
    let org = default_org(&db, clock.now()).await.unwrap();
    let local = Arc::new(Local::new(Arc::clone(&clock)));
    let mut state = AppState {
        config: Arc::new(config),
        db,
        lifecycle: Lifecycle::new(),
        clock,
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
    let auto = AutoService::new(AutoHandles::of(&state).unwrap());
    let tasks = TasksService::new(&state);
    state.ports.jobs = Some(tasks.jobs());
    let mut registry = Registry::new();
    for keyword in botserver_chat::keywords().into_iter().chain([probe(probed)]) {
        registry.register(keyword);
    }
    auto.register_keywords(&mut registry);
    tasks.register_keywords(&mut registry);
    state.ports.keywords = Arc::new(registry);
    auto.sweep(&state);
    let mount = auto.mount(Arc::clone(&state.ports.keywords)).await;
    for bot in mount.bots.list() {
        let problems = mount.bots.diagnostics(&bot.name);
        assert!(
            !problems.iter().any(|problem| problem.starts_with("error")),
            "{}",
            problems.join("\n")
        );
    }
    state.ports.bots = Some(Arc::clone(&mount.bots));
    state.ports.dialogs = Some(Arc::clone(&mount.dialogs));
    let chat = ChatService::new(&state);
    chat.start();
    let composed = App::new(&state)
        .authenticator(Arc::new(Door))
        .routes(botserver_chat::routes(&state, &chat))
        .routes(tasks.routes())
        .build();
    tasks.start(&state);
    tasks.follow_rows(&state, auto.row_changes());
    (state, tasks, composed)
}

/// `PROBE text`: reaches outside, and remembers with which key.
fn probe(probed: Arc<Mutex<Vec<(String, String)>>>) -> Keyword {
    struct Probe(Arc<Mutex<Vec<(String, String)>>>);

    #[async_trait]
    impl Handler for Probe {
        async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
            let text = args.text("text")?;
            self.0.lock().push((text, turn.idempotency_key().to_owned()));
            Ok(Value::Null)
        }
    }

    Keyword {
        phrase: "PROBE",
        shapes: &["text"],
        class: Class::External,
        summary: "Reaches outside.",
        example: "PROBE \"x\"",
        handler: Some(Arc::new(Probe(probed))),
    }
}

/// Lets in whoever says `Bearer admin`.
struct Door;

#[async_trait]
impl Authenticator for Door {
    async fn authenticate(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem> {
        let mut caller = Caller::nobody(org, request);
        if headers
            .get("authorization")
            .is_some_and(|value| value == "Bearer admin")
        {
            caller.subject = botlib::Subject::System;
            caller.permissions.insert(Permission::TasksManage);
        }
        Ok(caller)
    }
}

/// A running server.
pub(crate) struct Server {
    runtime: Option<Runtime>,
    pub(crate) state: AppState,
    tasks: TasksService,
    composed: Composed,
    clock: Arc<ManualClock>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

impl Server {
    pub(crate) fn bot(&self, name: &str) -> BotId {
        self.state.ports.bots.as_ref().unwrap().find(name).unwrap().id
    }

    /// Lets the clock go on and the worker look.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
        self.tasks.ring();
    }

    /// Runs a script of a bot in a conversation.
    pub(crate) async fn run(&self, bot: &str, script: &str, conversation: ConversationId) -> Ran {
        let task = Task::Script {
            name: script.to_owned(),
            args: Map::new(),
            names: Map::new(),
        };
        self.order(bot, task, conversation).await
    }

    /// Writes to a bot in a conversation.
    pub(crate) async fn write_to(&self, bot: &str, text: &str, conversation: ConversationId) -> Ran {
        let task = Task::Message {
            text: text.to_owned(),
            tools: Vec::new(),
        };
        self.order(bot, task, conversation).await
    }

    async fn order(&self, bot: &str, task: Task, conversation: ConversationId) -> Ran {
        let order = Order {
            bot: self.bot(bot),
            task,
            conversation: Some(conversation),
            key: uuid::Uuid::now_v7().to_string(),
            channel: Channel::Bot,
            limit: None,
            depth: 0,
        };
        let runner = Arc::clone(self.state.ports.runner.get().unwrap());
        self.runtime
            .as_ref()
            .unwrap()
            .spawn(async move { runner.run(order).await })
            .await
            .unwrap()
            .unwrap()
    }

    /// Asks a route.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let router = self.composed.router.clone();
        let sending = self.runtime.as_ref().unwrap().spawn(async move {
            let response = router.oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, 1 << 20).await.unwrap();
            Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                text: String::from_utf8(bytes.to_vec()).unwrap(),
            }
        });
        sending.await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("authorization", "Bearer admin");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// What bots have said in all conversations, in order.
    pub(crate) async fn said(&self) -> Vec<String> {
        use diesel::prelude::*;
        let read = self.state.db.read(|conn| {
            use botstate::db::conversation_events as events;
            let rows: Vec<String> = botstate::on_each!(conn, |conn| events::table
                .filter(events::kind.eq("bot_message"))
                .order((events::turn_id, events::seq))
                .select(events::payload)
                .load(conn))?;
            Ok::<_, db::Error>(rows)
        });
        let rows = read.await.unwrap();
        rows.iter()
            .map(|row| {
                let body: serde_json::Value = serde_json::from_str(row).unwrap();
                body["content"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    /// Waits until bots have said so many things.
    pub(crate) async fn wait_said(&self, count: usize) -> Vec<String> {
        for _ in 0..6000 {
            let said = self.said().await;
            if said.len() >= count {
                return said;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}\n{}", self.said().await, self.get("/api/tasks/jobs").await.text)
    }

    /// Waits until no job waits that is due or runs.
    pub(crate) async fn settle(&self) {
        for _ in 0..6000 {
            let now = self.clock.now();
            let jobs = self.get("/api/tasks/jobs?limit=200").await.json();
            let is_busy = jobs["items"].as_array().unwrap().iter().any(|job| {
                let due: DateTime<chrono::Utc> = job["due_at"].as_str().unwrap().parse().unwrap();
                job["state"] == "running" || (job["state"] == "waiting" && due <= now)
            });
            if !is_busy {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{}", self.get("/api/tasks/jobs").await.text)
    }

    /// Waits until the schedules are as `holds` wants them.
    pub(crate) async fn wait_schedules(&self, holds: impl Fn(&[serde_json::Value]) -> bool) -> Vec<serde_json::Value> {
        for _ in 0..6000 {
            let page = self.get("/api/tasks/schedules").await.json();
            let items = page["items"].as_array().cloned().unwrap_or_default();
            if holds(&items) {
                return items;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{}", self.get("/api/tasks/schedules").await.text)
    }

    /// Ends the server where it is, as a crash would.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Stops the server in good order; whether everything ended by itself.
    pub(crate) async fn stop(mut self) -> bool {
        let is_clean = self.state.lifecycle.shutdown(Duration::from_mins(1)).await;
        self.end();
        is_clean
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}
