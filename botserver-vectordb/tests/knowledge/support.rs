//! A folder of packages, a database, and a server on them whose documents are plain texts.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use botlib::{BotId, Caller, ManualClock, NodeId, OrgId, PersonId, RequestId, Role, Secret, SessionId};
use botserver_core::outbound::{Outbound, OutboundPolicy};
use botserver_core::{App, Authenticator, Composed, Problem};
use botserver_llm::{LlmConfig, service};
use botserver_tasks::TasksService;
use botserver_tests::servers::{self, Database, Postgres};
use botserver_vectordb::{KnowledgeService, Qdrant};
use botstate::{
    AppState, Db, Lifecycle, Ports,
    config::{Config, DatabaseUrl, for_tests},
    db::{DbTime, DbUuid, default_org, people},
    dialog::{Bot, Bots, Settings},
    document::{Block, BlockKind, Document, ExtractError, Extractor, Limits, Source},
    embed::{Embedder, Embedders, Side},
    event::EventBus,
    keyword::Registry,
    knowledge::{Found, Knowledge, Query, Reader},
    model::ModelError,
    on_each,
    run::Late,
    shared::Local,
};
use diesel::prelude::*;
use http::{HeaderMap, Request};
use parking_lot::{Mutex, RwLock};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// How long anything may take on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(90);

/// What outlives a server: its folder and its database.
pub(crate) struct House {
    config: Config,
    folder: TempDir,
    /// Ends the database with the house.
    database: Option<Database>,
    /// The address of Qdrant, where that is the index.
    qdrant: Option<String>,
}

/// A house on SQLite, one on PostgreSQL and one with Qdrant where there is such a server.
pub(crate) fn houses() -> Vec<House> {
    let mut houses = vec![House::new()];
    if let Some(server) = Postgres::shared() {
        let database = server.database();
        let mut house = House::new();
        house.config.database.url = DatabaseUrl::Postgres(Secret::new(database.url.clone()));
        house.config.database.pool_size = 4;
        house.database = Some(database);
        houses.push(house);
    }
    if let Some(server) = servers::Qdrant::shared() {
        let mut house = House::new();
        house.qdrant = Some(server.url.clone());
        houses.push(house);
    }
    houses
}

impl House {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = for_tests(folder.path());
        config.database.timeout = Duration::from_mins(1);
        config.http.rate_per_minute = 0;
        std::fs::create_dir_all(&config.bots_dir).unwrap();
        Self {
            config,
            folder,
            database: None,
            qdrant: None,
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.config.bots_dir.join(path)
    }

    /// Where models lie that run in the process.
    pub(crate) fn models(&self) -> PathBuf {
        self.folder.path().join("models")
    }

    /// Writes a file among the packages.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // At once, as careful programs do, so that no half file is ever read.
        let whole = self.folder.path().join("part");
        std::fs::write(&whole, text).unwrap();
        std::fs::rename(whole, path).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }

    /// Starts a server with these bots, without looking at anything yet.
    pub(crate) async fn open(&self, bots: &[&str]) -> Server {
        let (db, _) = Db::open(&self.config.database).await.unwrap();
        let clock = Arc::new(ManualClock::new("2026-01-20T10:20:30Z".parse().unwrap()));
        let org = default_org(&db, botlib::Clock::now(&*clock)).await.unwrap();
        let local = Arc::new(Local::new(Arc::clone(&clock) as _));
        let shelf = Arc::new(Shelf(RwLock::new(
            bots.iter().map(|name| bot(org, name, &[])).collect(),
        )));
        let extractor = Arc::new(Plain);
        let llm = service(
            LlmConfig {
                models_dir: self.models(),
                ..LlmConfig::default()
            },
            None,
        );
        let counting = Arc::new(Counting {
            inner: llm.embedders(),
            texts: Arc::default(),
        });
        let mut state = AppState {
            config: Arc::new(self.config.clone()),
            db,
            lifecycle: Lifecycle::new(),
            clock: Arc::clone(&clock) as _,
            chance: Arc::new(botlib::SystemChance),
            node: NodeId::new(),
            org,
            events: EventBus::new(Arc::clone(&local) as _),
            cache: Arc::clone(&local) as _,
            pubsub: Arc::clone(&local) as _,
            leases: Arc::clone(&local) as _,
            limits: local,
            ports: Ports {
                bots: Some(Arc::clone(&shelf) as _),
                extractor: Some(extractor),
                rerankers: Some(llm.rerankers()),
                ..Ports::default()
            },
        };
        let tasks = TasksService::new(&state);
        state.ports.jobs = Some(tasks.jobs());
        let local_network = OutboundPolicy {
            allow_networks: vec!["127.0.0.1/32".parse().unwrap()],
            ..OutboundPolicy::default()
        };
        let outbound = Outbound::new(local_network).unwrap();
        let embedders = Arc::clone(&counting) as Arc<dyn Embedders>;
        let knowledge = match &self.qdrant {
            Some(url) => KnowledgeService::with_index(&state, embedders, Arc::new(Qdrant::new(url, None).unwrap())),
            None => KnowledgeService::new(&state, embedders),
        };
        let knowledge = knowledge.with_outbound(outbound);
        let keywords = Late::default();
        keywords.fill(Arc::new(knowledge.clone()));
        let mut registry = Registry::new();
        KnowledgeService::register_keywords(&keywords, &mut registry);
        state.ports.keywords = Arc::new(registry);
        state.ports.knowledge.fill(knowledge.port());
        tasks.start(&state);
        let composed = App::new(&state)
            .authenticator(Arc::new(Door(org)))
            .routes(knowledge.routes())
            .build();
        knowledge.start();
        Server {
            clock,
            state,
            knowledge,
            shelf,
            counting,
            composed,
        }
    }
}

/// The bots that run.
pub(crate) struct Shelf(RwLock<Vec<Arc<Bot>>>);

/// A bot that only has a name and settings.
pub(crate) fn bot(org: OrgId, name: &str, settings: &[(&str, &str)]) -> Arc<Bot> {
    let digest = name
        .bytes()
        .fold(7_u128, |hash, byte| hash.wrapping_mul(131) ^ u128::from(byte));
    Arc::new(Bot {
        id: BotId::from_uuid(uuid::Uuid::from_u128(digest)),
        org,
        name: name.to_owned(),
        version: String::new(),
        settings: Settings::new(
            settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        ),
        prompt: None,
        tools: Vec::new(),
        scripts: Vec::new(),
        triggers: Vec::new(),
        start_wants_message: false,
        chooses_collections: false,
        prompts: Vec::new(),
    })
}

impl Bots for Shelf {
    fn find(&self, name_or_id: &str) -> Option<Arc<Bot>> {
        let is_it = |bot: &&Arc<Bot>| bot.name.eq_ignore_ascii_case(name_or_id) || bot.id.to_string() == name_or_id;
        self.0.read().iter().find(is_it).cloned()
    }

    fn get(&self, id: BotId) -> Option<Arc<Bot>> {
        self.0.read().iter().find(|bot| bot.id == id).cloned()
    }

    fn list(&self) -> Vec<Arc<Bot>> {
        self.0.read().clone()
    }

    fn diagnostics(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Reads Markdown and plain texts, and calls files that begin with `broken` damaged.
struct Plain;

#[async_trait]
impl Extractor for Plain {
    fn reads(&self, name: &str) -> bool {
        [".md", ".txt", ".rs"]
            .iter()
            .any(|ending| name.to_lowercase().ends_with(ending))
    }

    async fn extract(&self, source: Source, _: Limits) -> Result<Document, ExtractError> {
        let bytes = match source {
            Source::File(path) => std::fs::read(path).map_err(|error| ExtractError::Io(error.to_string()))?,
            Source::Bytes { bytes, .. } => bytes.to_vec(),
        };
        let text = String::from_utf8_lossy(&bytes);
        if text.starts_with("broken") {
            return Err(ExtractError::Damaged {
                format: "text".into(),
                reason: "it says so itself".to_owned(),
            });
        }
        Ok(Document {
            media_type: "text/markdown".to_owned(),
            blocks: blocks(&text),
            ..Document::default()
        })
    }
}

/// The blocks of a Markdown text, as far as the tests need them.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut paragraph = String::new();
    let mut code = false;
    let flush = |paragraph: &mut String, blocks: &mut Vec<Block>| {
        if !paragraph.trim().is_empty() {
            blocks.push(Block {
                page: None,
                kind: BlockKind::Text(paragraph.trim().to_owned()),
            });
        }
        paragraph.clear();
    };
    for line in text.lines() {
        if line.starts_with("```") {
            code = !code;
        } else if let Some(rest) = line.strip_prefix('#').filter(|_| !code) {
            flush(&mut paragraph, &mut blocks);
            let deeper = rest.chars().take_while(|c| *c == '#').count();
            blocks.push(Block {
                page: None,
                kind: BlockKind::Heading {
                    level: u8::try_from(deeper + 1).unwrap(),
                    text: rest.trim_start_matches('#').trim().to_owned(),
                },
            });
        } else if line.trim().is_empty() && !code {
            flush(&mut paragraph, &mut blocks);
        } else {
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
    flush(&mut paragraph, &mut blocks);
    blocks
}

/// Remembers which texts were embedded.
pub(crate) struct Counting {
    inner: Arc<dyn Embedders>,
    texts: Arc<Mutex<Vec<String>>>,
}

struct CountingOne(Arc<dyn Embedder>, Arc<Mutex<Vec<String>>>);

impl Embedders for Counting {
    fn for_bot(&self, bot: &Bot) -> Arc<dyn Embedder> {
        Arc::new(CountingOne(self.inner.for_bot(bot), Arc::clone(&self.texts)))
    }

    fn find(&self, bot: &Bot, id: &str) -> Option<Arc<dyn Embedder>> {
        self.inner.find(bot, id)
    }
}

#[async_trait]
impl Embedder for CountingOne {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn dimensions(&self) -> usize {
        self.0.dimensions()
    }

    fn max_tokens(&self) -> usize {
        self.0.max_tokens()
    }

    async fn embed(&self, texts: &[String], side: Side) -> Result<Vec<Vec<f32>>, ModelError> {
        self.1.lock().extend(texts.iter().cloned());
        self.0.embed(texts, side).await
    }
}

/// Lets in whoever says who he is: `Bearer role group,group`.
struct Door(OrgId);

#[async_trait]
impl Authenticator for Door {
    async fn authenticate(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem> {
        let Some(said) = headers.get("authorization").and_then(|value| value.to_str().ok()) else {
            return Ok(Caller::nobody(org, request));
        };
        let mut words = said.trim_start_matches("Bearer ").split(' ');
        let role = words.next().unwrap_or_default();
        let role = Role::ALL.into_iter().find(|known| known.name() == role).unwrap();
        let mut caller = Caller::person(self.0, PersonId::new(), role, SessionId::new(), request);
        caller.groups = words.next().unwrap_or_default().split(',').map(str::to_owned).collect();
        Ok(caller)
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) state: AppState,
    pub(crate) knowledge: KnowledgeService,
    shelf: Arc<Shelf>,
    counting: Arc<Counting>,
    composed: Composed,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Server {
    pub(crate) fn bot(&self, name: &str) -> Arc<Bot> {
        self.shelf.find(name).unwrap()
    }

    /// Gives a bot other settings.
    pub(crate) fn set(&self, name: &str, settings: &[(&str, &str)]) {
        let mut bots = self.shelf.0.write();
        for known in bots.iter_mut().filter(|known| known.name == name) {
            *known = bot(known.org, name, settings);
        }
    }

    /// The texts that were embedded since the last call.
    pub(crate) fn embedded(&self) -> Vec<String> {
        std::mem::take(&mut *self.counting.texts.lock())
    }

    /// Waits until `is_so`.
    pub(crate) async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so().await {
            assert!(Instant::now() < end, "{what} did not happen");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// The documents of a bot by `collection/path`, with their states, as an operator sees them.
    pub(crate) async fn states(&self, bot: &str) -> Vec<(String, String)> {
        let all = self
            .call("GET", &format!("/api/kb/{bot}/collections"), "admin", Body::empty())
            .await;
        let mut found = Vec::new();
        for collection in all.json()["items"].as_array().unwrap() {
            let name = collection["name"].as_str().unwrap();
            let path = format!("/api/kb/{bot}/collections/{name}/documents?limit=200");
            let list = self.call("GET", &path, "admin", Body::empty()).await;
            // A collection may go between two looks.
            let Some(items) = list.json()["items"].as_array().cloned() else {
                continue;
            };
            found.extend(items.iter().map(|item| {
                let path = item["path"].as_str().unwrap();
                (format!("{name}/{path}"), item["state"].as_str().unwrap().to_owned())
            }));
        }
        found
    }

    /// Waits until exactly these documents are there, and none of them waits.
    pub(crate) async fn settled(&self, bot: &str, paths: &[&str]) {
        let wanted: BTreeSet<&str> = paths.iter().copied().collect();
        self.until(&format!("{paths:?} in {bot}"), async || {
            let states = self.states(bot).await;
            let there: BTreeSet<&str> = states.iter().map(|(path, _)| path.as_str()).collect();
            there == wanted && states.iter().all(|(_, state)| state != "waiting")
        })
        .await;
    }

    pub(crate) fn visitor(&self) -> Reader {
        Reader {
            org: self.state.org,
            person: None,
            groups: BTreeSet::new(),
            roles: BTreeSet::new(),
        }
    }

    pub(crate) fn member(&self, groups: &[&str]) -> Reader {
        Reader {
            person: Some(PersonId::new()),
            groups: groups.iter().map(|name| (*name).to_owned()).collect(),
            roles: ["member".to_owned()].into(),
            ..self.visitor()
        }
    }

    /// A person with an account and a mail address.
    pub(crate) async fn person(&self, email: &str) -> Reader {
        let (reader, org, email) = (self.member(&[]), self.state.org, email.to_owned());
        let id = reader.person.unwrap();
        self.state
            .db
            .write(move |conn| {
                on_each!(conn, |conn| diesel::insert_into(people::table)
                    .values((
                        people::id.eq(DbUuid::from(id)),
                        people::org_id.eq(DbUuid::from(org)),
                        people::email.eq(&email),
                        people::name.eq(&email),
                        people::role.eq("member"),
                        people::created_at.eq(DbTime("2026-01-01T00:00:00Z".parse().unwrap())),
                    ))
                    .execute(conn))
                .map_err(botstate::db::Error::from)
            })
            .await
            .unwrap();
        reader
    }

    /// Everything that a search gives.
    pub(crate) async fn search(&self, bot: &str, reader: &Reader, text: &str) -> Found {
        let bot = self.bot(bot);
        let collections = self.knowledge.collections(&bot, reader).await.unwrap();
        let query = Query {
            text: text.to_owned(),
            bot,
            collections,
            reader: reader.clone(),
            limit: 10,
            tokens: 4_000,
        };
        Knowledge::search(&self.knowledge, &query).await.unwrap()
    }

    /// The documents that a search finds, best first.
    pub(crate) async fn documents(&self, bot: &str, reader: &Reader, text: &str) -> Vec<String> {
        let found = self.search(bot, reader, text).await;
        let mut seen = BTreeSet::new();
        let documents = found
            .passages
            .iter()
            .map(|passage| format!("{}/{}", passage.source.collection, passage.source.document));
        documents.filter(|document| seen.insert(document.clone())).collect()
    }

    /// The documents that a visitor's search of one collection finds, best first.
    pub(crate) async fn in_collection(&self, bot: &str, collection: &str, text: &str) -> Vec<String> {
        let query = Query {
            text: text.to_owned(),
            bot: self.bot(bot),
            collections: vec![collection.to_owned()],
            reader: self.visitor(),
            limit: 20,
            tokens: 20_000,
        };
        let found = Knowledge::search(&self.knowledge, &query).await.unwrap();
        let mut seen = BTreeSet::new();
        let documents = found.passages.into_iter().map(|passage| passage.source.document);
        documents.filter(|document| seen.insert(document.clone())).collect()
    }

    pub(crate) async fn call(&self, method: &str, path: &str, who: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {who}"))
            .header(
                "content-type",
                if path.contains("documents?") {
                    "application/octet-stream"
                } else {
                    "application/json"
                },
            )
            .body(body.into())
            .unwrap();
        let response = self.composed.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer {
            status,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Stops the server as its operator would.
    pub(crate) async fn close(self) {
        self.state.lifecycle.shutdown(Duration::from_secs(20)).await;
    }
}

/// Whether a path of a test is there.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Server {
    /// The collections of the bot `a` that a reader may search.
    pub(crate) async fn knowledge_collections(&self, reader: &Reader) -> Vec<String> {
        let bot = self.bot("a");
        self.knowledge.collections(&bot, reader).await.unwrap()
    }
}
