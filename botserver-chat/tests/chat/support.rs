//! A server with the chat routes, a scripted model and a dialog language made of data.

pub(crate) mod dialogs;
pub(crate) mod probe;
pub(crate) mod shelf;

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::{
    BotId, Caller, Clock, ConversationId, NodeId, OrgId, PersonId, RequestId, Role, Secret, SessionId, SystemClock,
    VisitorId,
};
use botserver_chat::ChatService;
use botserver_core::{App, Authenticator, Problem, ServeOptions, bind, serve};
use botserver_llm::scripted::ScriptedModel;
use botserver_tests::{
    client::Visitor,
    process::http_client,
    servers::{Database, Postgres},
};
use botstate::{
    AppState, Config, Db, Lifecycle, Ports,
    config::{self, DatabaseUrl},
    db::{self, memories},
    dialog::{Bot, Settings, ToolSpec},
    event::EventBus,
    identity::Visitors,
    keyword::Registry,
    model::Models,
    rows::TableQueries,
    shared::{Cache, Local, SharedError},
    usage::{Call, Ledger},
};
use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::watch, task::JoinHandle};

use dialogs::{OneBot, Op, Scripts};
use probe::Probe;
use shelf::Shelf;

/// Everything that outlives a server: its folder, its bot, the model, the outside.
pub(crate) struct House {
    folder: Arc<TempDir>,
    bot: Bot,
    pub(crate) scripts: Arc<Scripts>,
    pub(crate) probe: Arc<Probe>,
    model: Option<ScriptedModel>,
    pub(crate) shelf: Option<Arc<Shelf>>,
    pub(crate) ledger: Arc<Noted>,
    /// Counts what was removed from the cache.
    pub(crate) emptied: watch::Receiver<usize>,
    emptying: watch::Sender<usize>,
    tables: Option<Arc<dyn TableQueries>>,
    config: Config,
    /// What nodes share; each has its own when absent.
    shared: Option<Arc<Local>>,
    /// Ends the database with the house.
    database: Option<Arc<Database>>,
}

/// A cache that tells when something is removed from it.
struct Emptied(Arc<Local>, watch::Sender<usize>);

#[async_trait]
impl Cache for Emptied {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, SharedError> {
        self.0.get(key).await
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), SharedError> {
        self.0.set(key, value, ttl).await
    }

    async fn set_if_absent(&self, key: &str, value: Bytes, ttl: Duration) -> Result<bool, SharedError> {
        self.0.set_if_absent(key, value, ttl).await
    }

    async fn remove(&self, key: &str) -> Result<(), SharedError> {
        self.0.remove(key).await?;
        self.1.send_modify(|count| *count += 1);
        Ok(())
    }
}

/// A ledger that only remembers.
#[derive(Default)]
pub(crate) struct Noted(parking_lot::Mutex<Vec<Call>>);

impl Noted {
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.lock().clone()
    }
}

impl Ledger for Noted {
    fn record(&self, call: Call) {
        self.0.lock().push(call);
    }
}

impl House {
    /// A house with a bot that has neither scripts nor a model.
    pub(crate) fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut config = config::for_tests(folder.path());
        config.http.rate_per_minute = 0;
        // Machines that test are busy.
        config.database.timeout = Duration::from_secs(30);
        config.http.chat_burst = 100_000;
        config.http.chat_per_minute = 1_000_000;
        let emptying = watch::Sender::new(0);
        Self {
            bot: Bot {
                id: BotId::new(),
                org: OrgId::new(),
                name: "default".to_owned(),
                version: "1".to_owned(),
                settings: Settings::default(),
                prompt: Some("You sell tea.".to_owned()),
                tools: Vec::new(),
                scripts: Vec::new(),
                triggers: Vec::new(),
                start_wants_message: false,
                chooses_collections: false,
                prompts: Vec::new(),
            },
            folder,
            scripts: Arc::default(),
            probe: Arc::default(),
            model: None,
            shelf: None,
            ledger: Arc::default(),
            emptied: emptying.subscribe(),
            emptying,
            tables: None,
            config,
            shared: None,
            database: None,
        }
    }

    /// A house on SQLite, and one on PostgreSQL where there is such a server.
    pub(crate) fn on_each_database() -> Vec<Self> {
        let mut houses = vec![Self::new()];
        if let Some(server) = Postgres::shared() {
            let database = server.database();
            let mut house = Self::new();
            house.config.database.url = DatabaseUrl::Postgres(Secret::new(database.url.clone()));
            house.config.database.pool_size = 4;
            house.database = Some(Arc::new(database));
            houses.push(house);
        }
        houses
    }

    /// Lets the servers of the house be nodes that share caches and leases.
    pub(crate) fn sharing(mut self) -> Self {
        self.shared = Some(Arc::new(Local::new(Arc::new(SystemClock))));
        self
    }

    /// Adds a script.
    pub(crate) fn script(mut self, name: &str, ops: impl IntoIterator<Item = Op>) -> Self {
        self.bot.scripts.push(name.to_owned());
        self.scripts.0.lock().insert(name.to_owned(), ops.into_iter().collect());
        self
    }

    /// Adds a script that the model may call, with the arguments that it must give.
    pub(crate) fn tool<const N: usize>(
        mut self,
        name: &str,
        required: [&str; N],
        ops: impl IntoIterator<Item = Op>,
    ) -> Self {
        self.bot.tools.push(ToolSpec {
            name: name.to_owned(),
            description: format!("Does {name}."),
            parameters: json!({ "type": "object", "required": required.as_slice() }),
        });
        self.script(name, ops)
    }

    pub(crate) fn model(mut self, model: &ScriptedModel) -> Self {
        self.model = Some(model.clone());
        self
    }

    /// Gives the bot rows of `config.csv`.
    pub(crate) fn settings<const N: usize>(self, rows: [(&str, &str); N]) -> Self {
        let rows = rows.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.bot(|bot| bot.settings = Settings::new(rows))
    }

    /// Gives the bot documents.
    pub(crate) fn shelf(mut self, shelf: Shelf) -> Self {
        self.shelf = Some(Arc::new(shelf));
        self
    }

    /// Gives the bot tables.
    pub(crate) fn tables(mut self, tables: impl TableQueries) -> Self {
        self.tables = Some(Arc::new(tables));
        self
    }

    pub(crate) fn bot(mut self, change: impl FnOnce(&mut Bot)) -> Self {
        change(&mut self.bot);
        self
    }

    pub(crate) fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts a server in the house.
    pub(crate) async fn open(&self) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (config, mut bot, model) = (self.config.clone(), copy(&self.bot), self.model.clone());
        let (scripts, probe) = (Arc::clone(&self.scripts), Arc::clone(&self.probe));
        let shared = self.shared.clone();
        let ledger = Arc::clone(&self.ledger);
        let emptying = self.emptying.clone();
        let (shelf, tables) = (self.shelf.clone(), self.tables.clone());
        let serving = runtime.spawn(async move {
            let (db, _) = Db::open(&config.database).await.unwrap();
            bot.org = db::default_org(&db, SystemClock.now()).await.unwrap();
            drop(db);
            let bot = Arc::new(bot);
            let mut registry = Registry::new();
            let own = probe::keywords(&probe).into_iter().chain([crate::orders::rest()]);
            for keyword in botserver_chat::keywords().into_iter().chain(own) {
                registry.register(keyword);
            }
            let ports = Ports {
                bots: Some(Arc::new(OneBot(bot))),
                dialogs: Some(scripts),
                visitors: None,
                models: model.map(|model| Arc::new(model) as Arc<dyn Models>),
                tables,
                keywords: Arc::new(registry),
                ledger: Some(ledger),
                embedders: Some(botserver_llm::service(botserver_llm::LlmConfig::default(), None).embedders()),
                ..Ports::default()
            };
            if let Some(shelf) = shelf {
                ports.knowledge.fill(shelf);
            }
            start(config, ports, shared, emptying).await
        });
        let (url, state, chat) = serving.await.unwrap();
        Server {
            _folder: Arc::clone(&self.folder),
            _database: self.database.clone(),
            runtime: Some(runtime),
            url,
            bot: self.bot.id,
            state,
            chat,
        }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// The bot, which cannot be cloned.
fn copy(bot: &Bot) -> Bot {
    Bot {
        id: bot.id,
        org: bot.org,
        name: bot.name.clone(),
        version: bot.version.clone(),
        settings: bot.settings.clone(),
        prompt: bot.prompt.clone(),
        tools: bot.tools.clone(),
        scripts: bot.scripts.clone(),
        triggers: Vec::new(),
        start_wants_message: bot.start_wants_message,
        chooses_collections: bot.chooses_collections,
        prompts: bot.prompts.clone(),
    }
}

async fn start(
    config: Config,
    mut ports: Ports,
    shared: Option<Arc<Local>>,
    emptying: watch::Sender<usize>,
) -> (String, AppState, ChatService) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (db, _) = Db::open(&config.database).await.unwrap();
    let org = db::default_org(&db, clock.now()).await.unwrap();
    ports.visitors = Some(Arc::new(Door(org)));
    let local = shared.unwrap_or_else(|| Arc::new(Local::new(Arc::clone(&clock))));
    let state = AppState {
        config: Arc::new(config),
        db,
        lifecycle: Lifecycle::new(),
        clock,
        chance: Arc::new(botlib::SystemChance),
        node: NodeId::new(),
        org,
        events: EventBus::new(Arc::clone(&local) as _),
        cache: Arc::new(Emptied(Arc::clone(&local), emptying)),
        pubsub: Arc::clone(&local) as _,
        leases: Arc::clone(&local) as _,
        limits: local,
        ports,
    };
    let chat = ChatService::new(&state);
    let composed = App::new(&state)
        .authenticator(Arc::new(Door(org)))
        .routes(botserver_chat::routes(&state, &chat))
        .build();
    chat.start();
    let listener = bind(Ipv4Addr::LOCALHOST.into(), 0).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let options = ServeOptions::from(&state.config.http);
    state
        .lifecycle
        .spawn(serve(listener, composed.router, options, state.lifecycle.clone()));
    (url, state, chat)
}

/// A running server.
pub(crate) struct Server {
    /// The server may outlive its house.
    _folder: Arc<TempDir>,
    _database: Option<Arc<Database>>,
    runtime: Option<Runtime>,
    pub(crate) url: String,
    bot: BotId,
    pub(crate) state: AppState,
    pub(crate) chat: ChatService,
}

impl Server {
    /// Somebody new.
    pub(crate) fn visitor(&self) -> Visitor {
        let (user, conversation) = (VisitorId::new(), ConversationId::new());
        Visitor {
            server: self.url.clone(),
            bot_name: "default".to_owned(),
            user_id: user.to_string(),
            session_id: conversation.to_string(),
            token: format!("visitor_{user}_{conversation}_{}", self.bot),
        }
    }

    /// The bot's id.
    pub(crate) fn bot(&self) -> BotId {
        self.bot
    }

    /// Starts something that ends with the server.
    pub(crate) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.runtime.as_ref().unwrap().spawn(work)
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
    pub(crate) async fn stop(mut self, grace: Duration) -> bool {
        let is_clean = self.state.lifecycle.shutdown(grace).await;
        self.end();
        is_clean
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Believes tokens that say who they are for.
struct Door(OrgId);

impl Door {
    fn caller(token: &str, org: OrgId, request: RequestId) -> Option<Caller> {
        match token.split('_').collect::<Vec<_>>().as_slice() {
            ["visitor", visitor, conversation, bot] => Some(Caller::visitor(
                org,
                visitor.parse().ok()?,
                bot.parse().ok()?,
                conversation.parse().ok()?,
                request,
            )),
            ["operator", person] => {
                let person: PersonId = person.parse().ok()?;
                let session = SessionId::from_uuid(*person.as_uuid());
                Some(Caller::person(org, person, Role::Operator, session, request))
            }
            ["person", person, groups @ ..] => {
                let person: PersonId = person.parse().ok()?;
                let session = SessionId::from_uuid(*person.as_uuid());
                Some(Caller {
                    groups: groups.iter().map(|group| (*group).to_owned()).collect(),
                    ..Caller::person(org, person, Role::Member, session, request)
                })
            }
            _ => None,
        }
    }
}

#[async_trait]
impl Authenticator for Door {
    async fn authenticate(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem> {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &http::HeaderValue| value.to_str().ok())
        };
        let bearer = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let mut offered = text(header::SEC_WEBSOCKET_PROTOCOL)
            .into_iter()
            .flat_map(|value| value.split(','));
        let token = bearer.or_else(|| offered.find_map(|one| one.trim().strip_prefix("token.")));
        match token {
            None => Ok(Caller::nobody(org, request)),
            Some(token) => Self::caller(token, org, request).ok_or_else(Problem::unauthenticated),
        }
    }
}

#[async_trait]
impl Visitors for Door {
    async fn admit(&self, bot: &Bot, request: RequestId) -> Option<(Caller, String)> {
        if bot.settings.flag("public") == Some(false) {
            return None;
        }
        let (visitor, conversation) = (VisitorId::new(), ConversationId::new());
        let token = format!("visitor_{visitor}_{conversation}_{}", bot.id);
        Some((Caller::visitor(self.0, visitor, bot.id, conversation, request), token))
    }
}

/// What a request was answered: the status and the body, null when it is not JSON.
pub(crate) async fn get(who: &Visitor, path: &str) -> (u16, Value) {
    let request = http_client().unwrap().get(format!("{}{path}", who.server));
    let answer = request.bearer_auth(&who.token).send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}

pub(crate) async fn post(who: &Visitor, path: &str, body: &Value) -> (u16, Value) {
    let request = http_client()
        .unwrap()
        .post(format!("{}{path}", who.server))
        .header("content-type", "application/json");
    let request = request.bearer_auth(&who.token).body(body.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}

/// The path of the visitor's conversation.
pub(crate) fn path(who: &Visitor, rest: &str) -> String {
    format!("/api/chat/{}{rest}", who.session_id)
}

/// The whole log of a conversation, as the API tells it.
pub(crate) async fn log(who: &Visitor) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = "0".to_owned();
    loop {
        let (status, page) = get(who, &path(who, &format!("/events?limit=200&after={after}"))).await;
        assert_eq!(status, 200, "{page}");
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return all,
        }
    }
}

/// The log in short: what was said, by whom.
pub(crate) fn short(log: &[Value]) -> Vec<String> {
    log.iter()
        .map(|event| {
            let content = event["payload"]["content"].as_str().unwrap_or_default();
            match event["kind"].as_str().unwrap() {
                "user_message" => format!("> {content}"),
                "bot_message" => format!("< {content}"),
                other => other.to_owned(),
            }
        })
        .collect()
}

/// Bytes that the conversation's waiting dialogs take in the database.
pub(crate) async fn state_size(server: &Server) -> i64 {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Size {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        size: i64,
    }
    let rows: Vec<Size> = query(server, "SELECT MAX(LENGTH(activities)) AS size FROM conversations").await;
    rows[0].size
}

/// Every row of every log, hidden ones too.
pub(crate) async fn events(server: &Server) -> Vec<String> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        payload: String,
    }
    let rows: Vec<Row> = query(server, "SELECT payload FROM conversation_events").await;
    rows.into_iter().map(|row| row.payload).collect()
}

/// Actor, action and detail of every act that was noted.
pub(crate) async fn acts(server: &Server) -> Vec<String> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        act: String,
    }
    let rows: Vec<Row> = query(
        server,
        "SELECT actor || ' ' || action || ' ' || detail AS act FROM audit_acts ORDER BY id",
    )
    .await;
    rows.into_iter().map(|row| row.act).collect()
}

/// Damages what a conversation keeps.
pub(crate) async fn damage(server: &Server, who: &Visitor) {
    execute(
        server,
        format!(
            "UPDATE conversations SET activities = '[{{' WHERE id = '{}'",
            who.session_id
        ),
    )
    .await;
}

/// Makes all conversations change at the same moment.
pub(crate) async fn change_at_once(server: &Server) {
    execute(
        server,
        "UPDATE conversations SET updated_at = 1767225600000000".to_owned(),
    )
    .await;
}

/// Notes something about a person, as a script would.
pub(crate) async fn remember(server: &Server, owner: &str, scope: &str, name: &str, value: &str) {
    let shelf = memories::Shelf {
        org: server.state.org,
        owner: owner.to_owned(),
        scope: scope.to_owned(),
    };
    let (name, value, now) = (name.to_owned(), botlib::Value::text(value), SystemClock.now());
    let written = server
        .state
        .db
        .write(move |conn| memories::set(conn, &shelf, &name, &value, None, now).map_err(db::Error::from));
    written.await.unwrap();
}

async fn query<T>(server: &Server, text: &'static str) -> Vec<T>
where
    T: diesel::deserialize::QueryableByName<diesel::sqlite::Sqlite> + Send + 'static,
{
    use diesel::RunQueryDsl as _;
    let read = server.state.db.read(move |conn| match conn {
        db::Connection::Sqlite(conn) => diesel::sql_query(text).load(conn).map_err(db::Error::from),
        db::Connection::Postgres(_) => Ok(Vec::new()),
    });
    read.await.unwrap()
}

async fn execute(server: &Server, text: String) {
    use diesel::RunQueryDsl as _;
    let written = server.state.db.write(move |conn| match conn {
        db::Connection::Sqlite(conn) => diesel::sql_query(text).execute(conn).map_err(db::Error::from),
        db::Connection::Postgres(_) => Ok(0),
    });
    assert!(written.await.unwrap() > 0);
}
