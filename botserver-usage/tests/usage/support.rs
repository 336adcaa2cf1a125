//! A database, and nodes on it whose models say what they were told to say.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use botlib::{
    BotId, Caller, Clock as _, ManualClock, NodeId, OrgId, PersonId, RequestId, Role, Secret, SessionId, VisitorId,
};
use botserver_core::{App, Authenticator, Composed, Problem};
use botserver_llm::scripted::ScriptedModel;
use botserver_tests::servers::{Database, Postgres};
use botserver_usage::UsageService;
use botstate::{
    AppState, Db, Lifecycle, Ports,
    config::{Config, DatabaseUrl, for_tests},
    db::{self, DbTime, DbUuid, default_org, people},
    dialog::{Bot, Bots, Settings},
    event::EventBus,
    job::{JobHandler, Jobs, NewJob, Sweep},
    model::{
        Answerer, Asker, ChatMessage, ChatModel, ChatRequest, Delta, Deltas, ModelError, ModelFacts, Models, Price,
    },
    on_each,
    shared::Local,
};
use diesel::prelude::*;
use futures::StreamExt as _;
use http::{HeaderMap, Request};
use parking_lot::Mutex;
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Ten dollars a million tokens of prompts, twenty of answers.
pub(crate) const PRICE: Price = Price {
    input: 10.0,
    output: 20.0,
    cached: None,
};

/// What outlives a node: its folder and its database.
pub(crate) struct House {
    config: Config,
    clock: Arc<ManualClock>,
    settings: Vec<(String, String)>,
    _folder: TempDir,
    _database: Option<Database>,
}

/// A house on SQLite, and one on PostgreSQL where there is such a server.
pub(crate) fn houses() -> Vec<House> {
    let mut houses = vec![House::new(None)];
    if let Some(server) = Postgres::shared() {
        houses.push(House::new(Some(server.database())));
    }
    houses
}

impl House {
    fn new(database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = for_tests(folder.path());
        config.database.timeout = Duration::from_mins(1);
        config.http.rate_per_minute = 0;
        if let Some(database) = &database {
            config.database.url = DatabaseUrl::Postgres(Secret::new(database.url.clone()));
            config.database.pool_size = 4;
        }
        Self {
            config,
            clock: Arc::new(ManualClock::new("2026-01-20T10:20:30Z".parse().unwrap())),
            settings: Vec::new(),
            _folder: folder,
            _database: database,
        }
    }

    /// The same house with other settings of the server.
    pub(crate) fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// The same house with a row in the bot's `config.csv`.
    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A node.
    pub(crate) async fn open(&self, model: &ScriptedModel) -> Node {
        let (db, _) = Db::open(&self.config.database).await.unwrap();
        let org = default_org(&db, self.clock.now()).await.unwrap();
        let local = Arc::new(Local::new(Arc::clone(&self.clock) as _));
        let bot = Arc::new(Bot {
            id: BotId::from_uuid(uuid::Uuid::from_u128(7)),
            org,
            name: "shop".to_owned(),
            version: "1".to_owned(),
            settings: Settings::new(self.settings.clone()),
            prompt: None,
            prompts: Vec::new(),
            tools: Vec::new(),
            scripts: Vec::new(),
            triggers: Vec::new(),
            start_wants_message: false,
            chooses_collections: false,
        });
        let sweeps = Arc::new(Sweeps::default());
        let state = AppState {
            config: Arc::new(self.config.clone()),
            db,
            lifecycle: Lifecycle::new(),
            clock: Arc::clone(&self.clock) as _,
            chance: Arc::new(botlib::SystemChance),
            node: NodeId::new(),
            org,
            events: EventBus::new(Arc::clone(&local) as _),
            cache: Arc::clone(&local) as _,
            pubsub: Arc::clone(&local) as _,
            leases: Arc::clone(&local) as _,
            limits: local,
            ports: Ports {
                bots: Some(Arc::new(OneBot(Arc::clone(&bot)))),
                jobs: Some(Arc::clone(&sweeps) as _),
                ..Ports::default()
            },
        };
        let usage = UsageService::new(&state).start(&state);
        let composed = App::new(&state)
            .authenticator(Arc::new(Door(org)))
            .routes(usage.routes())
            .build();
        Node {
            clock: Arc::clone(&self.clock),
            models: usage.models(Arc::new(Priced(model.clone(), Some(PRICE)))),
            unpriced: usage.models(Arc::new(Priced(model.clone(), None))),
            usage,
            state,
            bot,
            sweeps,
            composed,
        }
    }
}

/// A running node.
pub(crate) struct Node {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) state: AppState,
    pub(crate) usage: UsageService,
    pub(crate) bot: Arc<Bot>,
    models: Arc<dyn Models>,
    unpriced: Arc<dyn Models>,
    sweeps: Arc<Sweeps>,
    composed: Composed,
}

impl Node {
    /// A person of the organisation.
    pub(crate) async fn person(&self) -> Caller {
        let (id, org) = (PersonId::new(), self.state.org);
        let write = self.state.db.write(move |conn| {
            let row = (
                people::id.eq(DbUuid::from(id)),
                people::org_id.eq(DbUuid::from(org)),
                people::email.eq(format!("{id}@example.org")),
                people::name.eq("Somebody"),
                people::role.eq("member"),
                people::created_at.eq(DbTime("2026-01-01T00:00:00Z".parse().unwrap())),
            );
            on_each!(conn, |conn| diesel::insert_into(people::table)
                .values(row)
                .execute(conn))?;
            Ok::<_, db::Error>(())
        });
        write.await.unwrap();
        Caller::person(org, id, Role::Member, SessionId::new(), RequestId::new())
    }

    /// Somebody without an account.
    pub(crate) fn visitor(&self) -> Caller {
        let conversation = botlib::ConversationId::new();
        Caller::visitor(
            self.state.org,
            VisitorId::new(),
            self.bot.id,
            conversation,
            RequestId::new(),
        )
    }

    /// Begins to ask the bot's model for somebody.
    pub(crate) async fn ask(&self, caller: &Caller) -> Result<Deltas, ModelError> {
        self.ask_of(&self.models, caller).await
    }

    /// The same of a model whose price nobody knows.
    pub(crate) async fn ask_unpriced(&self, caller: &Caller) -> Result<Deltas, ModelError> {
        self.ask_of(&self.unpriced, caller).await
    }

    async fn ask_of(&self, models: &Arc<dyn Models>, caller: &Caller) -> Result<Deltas, ModelError> {
        let request = ChatRequest {
            messages: vec![ChatMessage::user("x".repeat(400))],
            max_tokens: Some(50),
            asker: Some(Asker::new(&self.bot, caller, None)),
            ..ChatRequest::default()
        };
        let model = models.for_bot(&self.bot).unwrap();
        model.stream(request, CancellationToken::new()).await
    }

    /// Asks and reads to the end.
    pub(crate) async fn answer(&self, caller: &Caller) -> Result<String, ModelError> {
        let mut deltas = self.ask(caller).await?;
        let mut text = String::new();
        while let Some(delta) = deltas.next().await {
            if let Delta::Text(piece) = delta? {
                text.push_str(&piece);
            }
        }
        Ok(text)
    }

    /// What a request of somebody is answered: the status and the body.
    pub(crate) async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"));
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        let answer = self
            .composed
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// The totals that an administrator sees.
    pub(crate) async fn totals(&self, query: &str) -> Vec<Value> {
        let (status, answer) = self
            .call("GET", &format!("/api/usage?{query}"), "admin", Value::Null)
            .await;
        assert_eq!(status, 200, "{answer}");
        answer["items"].as_array().unwrap().clone()
    }

    /// Sets a budget and gives its id.
    pub(crate) async fn budget(&self, body: Value) -> String {
        let (status, answer) = self.call("POST", "/api/usage/budgets", "admin", body).await;
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// Deletes what is old, as jobs do.
    pub(crate) async fn sweep(&self) {
        let sweeps = self.sweeps.0.lock().clone();
        for sweep in sweeps {
            sweep.sweep(self.clock.now()).await.unwrap();
        }
    }
}

/// A token that the door takes for that person.
pub(crate) fn token(caller: &Caller) -> String {
    match caller.subject {
        botlib::Subject::Person(person) => format!("person_{person}"),
        botlib::Subject::Visitor(visitor) => format!("visitor_{visitor}"),
        _ => "nobody".to_owned(),
    }
}

/// A scripted model with a price.
struct Priced(ScriptedModel, Option<Price>);

impl Models for Priced {
    fn for_bot(&self, _: &Bot) -> Option<Arc<dyn ChatModel>> {
        Some(Arc::new(Self(self.0.clone(), self.1)))
    }
}

#[async_trait]
impl ChatModel for Priced {
    fn name(&self) -> &'static str {
        "asked-first"
    }

    fn context_tokens(&self) -> Option<u32> {
        None
    }

    fn facts(&self) -> ModelFacts {
        ModelFacts {
            price: self.1,
            ..ModelFacts::default()
        }
    }

    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<Deltas, ModelError> {
        let price = self.1;
        let deltas = self.0.stream(request, cancel).await?;
        let named = deltas.map(move |delta| match delta {
            Ok(Delta::End { finish, usage, .. }) => Ok(Delta::End {
                finish,
                usage,
                by: Some(Answerer {
                    provider: "openai".into(),
                    model: "gpt-tea".into(),
                    price,
                }),
            }),
            other => other,
        });
        Ok(named.boxed())
    }
}

struct OneBot(Arc<Bot>);

impl Bots for OneBot {
    fn find(&self, name_or_id: &str) -> Option<Arc<Bot>> {
        (self.0.name == name_or_id).then(|| Arc::clone(&self.0))
    }

    fn get(&self, id: BotId) -> Option<Arc<Bot>> {
        (self.0.id == id).then(|| Arc::clone(&self.0))
    }

    fn list(&self) -> Vec<Arc<Bot>> {
        vec![Arc::clone(&self.0)]
    }

    fn diagnostics(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Jobs of which only the sweeps are wanted.
#[derive(Default)]
struct Sweeps(Mutex<Vec<Arc<dyn Sweep>>>);

impl Jobs for Sweeps {
    fn enqueue(&self, _: NewJob) -> db::Change {
        panic!("no job is expected")
    }

    fn cancel(&self, _: OrgId, _: String) -> db::Change {
        panic!("no job is expected")
    }

    fn handle(&self, _: &'static str, _: Arc<dyn JobHandler>) {}

    fn sweep(&self, sweep: Arc<dyn Sweep>) {
        self.0.lock().push(sweep);
    }
}

/// Believes tokens that say who they are for.
struct Door(OrgId);

#[async_trait]
impl Authenticator for Door {
    async fn authenticate(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem> {
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
        let token = bearer
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default();
        let person = |org, person, role| Caller::person(org, person, role, SessionId::new(), request);
        Ok(match token.split_once('_') {
            Some(("person", id)) => person(self.0, id.parse().unwrap(), Role::Member),
            Some(("visitor", id)) => {
                let (bot, conversation) = (BotId::new(), botlib::ConversationId::new());
                Caller::visitor(self.0, id.parse().unwrap(), bot, conversation, request)
            }
            _ if token == "admin" => person(self.0, PersonId::new(), Role::Admin),
            _ if token == "stranger" => person(OrgId::new(), PersonId::new(), Role::Admin),
            _ => Caller::nobody(org, request),
        })
    }
}
