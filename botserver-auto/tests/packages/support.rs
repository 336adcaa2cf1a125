//! A folder of packages with the service over it, and a driver that talks to its dialogs as the turn engine does.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use botlib::{Caller, Clock, ConversationId, NodeId, OrgId, Secret, SystemClock, Value, value::Map};
use botserver_auto::{AutoHandles, AutoService, LocalApi, Mount};
use botserver_tests::servers::{Database, Postgres};
use botstate::{
    AppState, Config, Db, Lifecycle, Ports,
    config::{DatabaseUrl, for_tests},
    conversation::{Emit, SessionState},
    db::{self, Change, DbUuid, conversations, default_org},
    dialog::{Answer, Bot, Dialog, Env, Fault, FaultKind, HostCall, Input, Step},
    event::EventBus,
    keyword::{Class, Registry, Turn},
    on_each,
    service::Service as _,
    shared::Local,
};
use diesel::prelude::*;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A server with nothing but packages.
pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) state: AppState,
    pub(crate) registry: Arc<Registry>,
    pub(crate) mount: Mount,
    /// The server's own API, which is not set.
    pub(crate) api: LocalApi,
    database: Option<Database>,
}

/// A house on SQLite, and one on PostgreSQL where there is one.
pub(crate) async fn houses(files: &[(&str, &str)]) -> Vec<House> {
    let mut houses = vec![House::new(files).await];
    if let Some(server) = Postgres::shared() {
        let database = server.database();
        let url = DatabaseUrl::Postgres(Secret::new(database.url.clone()));
        houses.push(House::open(files, Some(database), move |config| config.database.url = url).await);
    }
    houses
}

impl House {
    /// A house on SQLite whose folder of bots has `files`.
    pub(crate) async fn new(files: &[(&str, &str)]) -> Self {
        Self::open(files, None, |_| {}).await
    }

    pub(crate) async fn open(
        files: &[(&str, &str)],
        database: Option<Database>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bots")).unwrap();
        for (path, text) in files {
            write(&folder.path().join("bots").join(path), text);
        }
        let mut config = for_tests(folder.path());
        config.database.timeout = Duration::from_secs(20);
        config.database.pool_size = 2;
        change(&mut config);
        let (state, registry, mount, api) = open(config).await;
        Self {
            folder,
            state,
            registry,
            mount,
            api,
            database,
        }
    }

    /// The same folder and database, as after a restart.
    pub(crate) async fn restart(self) -> Self {
        assert!(self.state.lifecycle.shutdown(Duration::from_mins(1)).await);
        let config = Config::clone(&self.state.config);
        let (folder, database) = (self.folder, self.database);
        let (state, registry, mount, api) = open(config).await;
        Self {
            folder,
            state,
            registry,
            mount,
            api,
            database,
        }
    }

    pub(crate) fn bot(&self, name: &str) -> Arc<Bot> {
        self.mount
            .bots
            .find(name)
            .unwrap_or_else(|| panic!("there is no bot {name}"))
    }

    pub(crate) fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join("bots").join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        write(&self.path(path), text);
    }

    /// Waits until `holds`.
    pub(crate) async fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "{what} did not happen in time"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until `script` of `bot` says `expected`.
    pub(crate) async fn until_said(&self, bot: &str, script: &str, expected: &str) {
        let start = Instant::now();
        loop {
            let said = self.said(bot, script).await;
            if said == [expected] {
                return;
            }
            assert!(start.elapsed() < Duration::from_mins(1), "it still says {said:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Somebody who talks to `bot`.
    pub(crate) fn visitor(&self, bot: &str) -> Visitor<'_> {
        Visitor {
            house: self,
            bot: self.bot(bot),
            caller: Caller::system(self.state.org),
            conversation: ConversationId::new(),
            session: SessionState::default(),
            changes: Vec::new(),
            heard: Vec::new(),
            call: String::new(),
            cancel: CancellationToken::new(),
        }
    }

    /// The person `caller`, who talks to `bot`.
    pub(crate) fn visitor_as(&self, bot: &str, caller: Caller) -> Visitor<'_> {
        Visitor {
            caller,
            ..self.visitor(bot)
        }
    }

    /// Runs a script that waits for nobody, and gives what it said.
    pub(crate) async fn said(&self, bot: &str, script: &str) -> Vec<String> {
        let mut visitor = self.visitor(bot);
        visitor.run(script, Map::new(), &[]).await.unwrap();
        visitor.heard
    }
}

async fn open(config: Config) -> (AppState, Arc<Registry>, Mount, LocalApi) {
    let (db, _) = Db::open(&config.database).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let org: OrgId = default_org(&db, clock.now()).await.unwrap();
    let shared = Arc::new(Local::new(Arc::clone(&clock)));
    let mut state = AppState {
        config: Arc::new(config),
        db,
        lifecycle: Lifecycle::new(),
        clock,
        chance: Arc::new(botlib::SystemChance),
        node: NodeId::new(),
        org,
        cache: Arc::clone(&shared) as Arc<_>,
        pubsub: Arc::clone(&shared) as Arc<_>,
        leases: Arc::clone(&shared) as Arc<_>,
        limits: Arc::clone(&shared) as Arc<_>,
        events: EventBus::new(shared),
        ports: Ports::default(),
    };
    let service = AutoService::new(AutoHandles::of(&state).unwrap());
    let registry = Arc::new(registry(|registry| service.register_keywords(registry)));
    let mount = service.mount(Arc::clone(&registry)).await;
    state.ports.tables = Some(service.table_queries());
    (state, registry, mount, service.api().clone())
}

/// The keywords of conversations and those that `add` brings.
pub(crate) fn registry(add: impl FnOnce(&mut Registry)) -> Registry {
    let mut registry = Registry::new();
    for keyword in botserver_chat::keywords() {
        registry.register(keyword);
    }
    add(&mut registry);
    registry
}

pub(crate) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    // In one step: whoever looks in between would find an empty file.
    let draft = path.with_file_name(".draft");
    std::fs::write(&draft, text).unwrap();
    std::fs::rename(draft, path).unwrap();
}

/// Somebody in a conversation.
pub(crate) struct Visitor<'a> {
    house: &'a House,
    bot: Arc<Bot>,
    caller: Caller,
    conversation: ConversationId,
    pub(crate) session: SessionState,
    changes: Vec<Change>,
    /// What the bot said, and what it asked for in brackets.
    pub(crate) heard: Vec<String>,
    call: String,
    pub(crate) cancel: CancellationToken,
}

impl Visitor<'_> {
    pub(crate) async fn start(&self, script: &str, args: Map) -> Result<Box<dyn Dialog>, Fault> {
        self.house.mount.dialogs.start(&self.bot, script, args, &env()).await
    }

    /// Runs a script to its end, answering what it asks for in order.
    pub(crate) async fn run(&mut self, script: &str, args: Map, answers: &[&str]) -> Result<Value, Fault> {
        let dialog = self.start(script, args).await?;
        match self.drive(dialog, Input::Continue, answers).await {
            Outcome::Done(result) => result,
            Outcome::Waits(_) => panic!("{script} asks for more than {answers:?}: {:?}", self.heard),
        }
    }

    /// Goes on with a dialog until it ends or asks for more than there are answers.
    pub(crate) async fn drive(&mut self, dialog: Box<dyn Dialog>, mut input: Input, answers: &[&str]) -> Outcome {
        let mut answers = answers.iter();
        let mut stack = vec![dialog];
        loop {
            let result = match stack.last_mut().unwrap().resume(input, &env()) {
                Step::Say(text) => {
                    self.heard.push(text);
                    input = Input::Continue;
                    continue;
                }
                Step::Call(call) => {
                    input = self.perform(call).await;
                    continue;
                }
                Step::Script(call) => {
                    let args = call
                        .args
                        .into_iter()
                        .enumerate()
                        .map(|(place, value)| (place.to_string(), value));
                    match self.start(&call.name, args.collect()).await {
                        Ok(dialog) => {
                            stack.push(dialog);
                            input = Input::Continue;
                        }
                        Err(fault) => input = Input::Failed(fault),
                    }
                    continue;
                }
                Step::Hear(spec) => {
                    self.heard.push(format!("[{}]", spec.kind.name()));
                    match answers.next() {
                        Some(text) => {
                            input = Input::Heard(Answer {
                                text: (*text).to_owned(),
                                files: Vec::new(),
                            });
                            continue;
                        }
                        None => return Outcome::Waits(stack.pop().unwrap()),
                    }
                }
                Step::Done(value) => Ok(value),
                Step::Fault(fault) => Err(fault),
            };
            stack.pop();
            if stack.is_empty() {
                self.flush().await.unwrap();
                assert!(answers.next().is_none(), "too many answers: {:?}", self.heard);
                return Outcome::Done(result);
            }
            input = result.map_or_else(Input::Failed, Input::Returned);
        }
    }

    /// Keeps the conversation as a row, as the first turn of a server does.
    pub(crate) async fn keep(&self) {
        let (id, bot, caller) = (self.conversation, self.bot.id, self.caller.clone());
        let row = (
            conversations::id.eq(DbUuid::from(id)),
            conversations::org_id.eq(DbUuid::from(caller.org)),
            conversations::bot_id.eq(DbUuid::from(bot)),
            conversations::owner_kind.eq("system"),
            conversations::owner_id.eq("system"),
            conversations::last_seq.eq(0_i64),
            conversations::session.eq("{}"),
            conversations::activities.eq("[]"),
            conversations::created_at.eq(0_i64),
            conversations::updated_at.eq(0_i64),
        );
        let write = self.house.state.db.write(move |conn| {
            on_each!(conn, |conn| diesel::insert_into(conversations::table)
                .values(row)
                .execute(conn))?;
            Ok::<_, db::Error>(())
        });
        write.await.unwrap();
    }

    async fn perform(&mut self, call: HostCall) -> Input {
        let registry = Arc::clone(&self.house.registry);
        let keyword = registry.find(call.keyword).unwrap();
        if matches!(keyword.class, Class::Read | Class::External) {
            self.flush().await.unwrap();
        }
        self.call = format!("{}:{}", self.conversation, call.number);
        match keyword.handler.as_ref().unwrap().call(self, call.args).await {
            Ok(value) => Input::Returned(value),
            Err(fault) => Input::Failed(fault),
        }
    }
}

/// How far a dialog came.
pub(crate) enum Outcome {
    Done(Result<Value, Fault>),
    Waits(Box<dyn Dialog>),
}

impl Outcome {
    pub(crate) fn waiting(self) -> Box<dyn Dialog> {
        match self {
            Self::Waits(dialog) => dialog,
            Self::Done(result) => panic!("the dialog ended with {result:?}"),
        }
    }
}

/// A Monday morning.
pub(crate) fn env() -> Env {
    let map = |entries: &[(&str, Value)]| -> Map {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    };
    let names = [
        ("currency", "€".into()),
        ("phone", "555-0100".into()),
        ("address", "12 Harbour Road".into()),
        ("places", Value::Int(4)),
        ("user", Value::Map(map(&[("message", "hello".into())]))),
        ("session", Value::Map(Map::new())),
    ];
    Env {
        now: "2030-05-13T09:00:00Z".parse().unwrap(),
        zone: "UTC".to_owned(),
        locale: "en".to_owned(),
        seed: 7,
        names: Arc::new(map(&names)),
    }
}

#[async_trait]
impl Turn for Visitor<'_> {
    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn bot(&self) -> &Arc<Bot> {
        &self.bot
    }

    fn conversation(&self) -> ConversationId {
        self.conversation
    }

    fn idempotency_key(&self) -> &str {
        &self.call
    }

    fn session(&mut self) -> &mut SessionState {
        &mut self.session
    }

    fn emit(&mut self, event: Emit) {
        match event {
            Emit::Say(text) => self.heard.push(text),
            Emit::Files { text, files } => {
                let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
                self.heard.push(format!("{text} [{}]", names.join(", ")));
            }
            Emit::Side { .. } => {}
        }
    }

    fn write(&mut self, change: Change) {
        self.changes.push(change);
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        let changes = std::mem::take(&mut self.changes);
        let write = self.house.state.db.write(move |conn| {
            changes
                .into_iter()
                .try_for_each(|change| change(conn))
                .map_err(db::Error::from)
        });
        write
            .await
            .map_err(|error| Fault::new(FaultKind::Data, error.to_string()))
    }

    fn cancelled(&self) -> CancellationToken {
        self.cancel.clone()
    }
}

/// Names of the scripts in a folder, lower case, without `.bas`.
pub(crate) fn read_all(folder: &std::path::Path) -> std::collections::HashSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().to_string_lossy().to_lowercase();
            name.strip_suffix(".bas").map(str::to_owned)
        })
        .collect()
}
