//! A server with nothing but this domain, and requests to it.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::body::Body;
use botlib::{BotId, Clock, ManualClock, NodeId, OrgId, Role, Secret, SystemClock};
use botserver_auth::{AuthService, ClaimLink, routes};
use botserver_core::{App, Composed, Peer};
use botserver_tests::servers::{Database, Postgres};
use botstate::{
    AppState, Config, Db, Lifecycle, Ports,
    config::{DatabaseUrl, for_tests},
    db::default_org,
    dialog::{Bot, Bots, Settings},
    event::EventBus,
    shared::Local,
};
use chrono::{DateTime, TimeDelta};
use futures::future::join;
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) const PASSWORD: &str = "seven wooden spoons";

/// Bots without packages.
struct FakeBots(Vec<Arc<Bot>>);

impl FakeBots {
    fn new(org: OrgId) -> Self {
        let bot = |name: &str, public: &str| {
            Arc::new(Bot {
                id: BotId::new(),
                org,
                name: name.to_owned(),
                version: "1".to_owned(),
                settings: Settings::new([("public".to_owned(), public.to_owned())]),
                prompt: None,
                tools: Vec::new(),
                scripts: Vec::new(),
                triggers: Vec::new(),
                start_wants_message: false,
                chooses_collections: false,
                prompts: Vec::new(),
            })
        };
        Self(vec![bot("default", ""), bot("shop", "true"), bot("staff", "false")])
    }
}

impl Bots for FakeBots {
    fn find(&self, name_or_id: &str) -> Option<Arc<Bot>> {
        let found = self.0.iter().find(|bot| bot.name.eq_ignore_ascii_case(name_or_id));
        found
            .or_else(|| self.0.iter().find(|bot| bot.id.to_string() == name_or_id))
            .cloned()
    }

    fn get(&self, id: BotId) -> Option<Arc<Bot>> {
        self.0.iter().find(|bot| bot.id == id).cloned()
    }

    fn list(&self) -> Vec<Arc<Bot>> {
        self.0.clone()
    }

    fn diagnostics(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }
}

/// A running server over a database of its own.
pub(crate) struct House {
    pub(crate) state: AppState,
    pub(crate) auth: AuthService,
    pub(crate) clock: Arc<ManualClock>,
    composed: Composed,
    _folder: TempDir,
    _database: Option<Database>,
}

/// One server on SQLite, and one on PostgreSQL where there is one.
pub(crate) async fn houses() -> Vec<House> {
    houses_with(|_| {}).await
}

/// Servers whose configuration `change` has seen.
pub(crate) async fn houses_with(change: impl Fn(&mut Config)) -> Vec<House> {
    let folder = tempfile::tempdir().unwrap();
    let config = config_in(folder.path(), &change);
    let mut houses = vec![House::open(config, folder, None).await];
    if let Some(server) = Postgres::shared() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config_in(folder.path(), &change);
        let database = server.database();
        config.database.url = DatabaseUrl::Postgres(Secret::new(database.url.clone()));
        // Many tests at once share the server's connections.
        config.database.pool_size = 4;
        houses.push(House::open(config, folder, Some(database)).await);
    }
    houses
}

fn config_in(folder: &Path, change: impl Fn(&mut Config)) -> Config {
    let mut config = for_tests(folder);
    // Two cores that hash passwords for many tests at once are slow to do anything else.
    config.database.timeout = Duration::from_secs(20);
    // The limits of the server itself would be in the way of ours.
    config.http.rate_per_minute = 0;
    change(&mut config);
    config
}

impl House {
    async fn open(config: Config, folder: TempDir, database: Option<Database>) -> Self {
        let (db, _) = Db::open(&config.database).await.unwrap();
        let now = SystemClock.now();
        // As two nodes do that start at once.
        let (org, same) = join(default_org(&db, now), default_org(&db, now)).await;
        let org = org.unwrap();
        assert_eq!(org, same.unwrap());
        let clock = Arc::new(ManualClock::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap()));
        let shared = Arc::new(Local::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let state = AppState {
            config: Arc::new(config),
            db,
            lifecycle: Lifecycle::new(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            chance: Arc::new(botlib::SystemChance),
            node: NodeId::new(),
            org,
            cache: Arc::clone(&shared) as Arc<_>,
            pubsub: Arc::clone(&shared) as Arc<_>,
            leases: Arc::clone(&shared) as Arc<_>,
            limits: Arc::clone(&shared) as Arc<_>,
            events: EventBus::new(shared),
            ports: Ports {
                bots: Some(Arc::new(FakeBots::new(org))),
                ..Ports::default()
            },
        };
        let (auth, composed) = compose(&state).await;
        Self {
            state,
            auth,
            clock,
            composed,
            _folder: folder,
            _database: database,
        }
    }

    /// Another node on the same database, which hears nothing of this one.
    pub(crate) async fn other_node(&self) -> (AuthService, Composed) {
        compose(&self.state).await
    }

    pub(crate) fn composed(&self) -> &Composed {
        &self.composed
    }

    pub(crate) fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
    }

    pub(crate) async fn send(&self, call: Call) -> Answer {
        call.send(&self.composed).await
    }

    /// The token of the administrator, whose account is claimed now.
    pub(crate) async fn admin(&self) -> String {
        let link = self
            .auth
            .ensure_first_admin()
            .await
            .unwrap()
            .expect("nobody has claimed yet");
        self.claimed(&link).await
    }

    /// The token of a new person with `role`, whose address is `<name>@example.org`.
    pub(crate) async fn person(&self, name: &str, role: Role) -> String {
        let link = self
            .auth
            .create_person(&format!("{name}@example.org"), name, role)
            .await
            .unwrap();
        self.claimed(&link).await
    }

    async fn claimed(&self, link: &ClaimLink) -> String {
        let answer = self.send(claim(&token_of(link), PASSWORD)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.text("/token")
    }
}

async fn compose(state: &AppState) -> (AuthService, Composed) {
    let auth = AuthService::start(state).await.unwrap();
    let composed = App::new(state)
        .routes(routes(&auth))
        .authenticator(Arc::new(auth.clone()))
        .build();
    (auth, composed)
}

/// What stands behind `#` in a link.
pub(crate) fn token_of(link: &ClaimLink) -> String {
    link.url.expose().split_once('#').unwrap().1.to_owned()
}

/// A request in the making.
#[derive(Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    address: SocketAddr,
    body: Option<Value>,
}

pub(crate) fn call(method: Method, path: impl Into<String>) -> Call {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, "localhost:8080".parse().unwrap());
    let address = "192.0.2.1:5000".parse().unwrap();
    Call {
        method,
        path: path.into(),
        headers,
        address,
        body: None,
    }
}

pub(crate) fn get(path: impl Into<String>) -> Call {
    call(Method::GET, path)
}

pub(crate) fn post(path: impl Into<String>, body: Value) -> Call {
    Call {
        body: Some(body),
        ..call(Method::POST, path)
    }
}

pub(crate) fn patch(path: impl Into<String>, body: Value) -> Call {
    Call {
        body: Some(body),
        ..call(Method::PATCH, path)
    }
}

pub(crate) fn claim(token: &str, password: &str) -> Call {
    post("/api/auth/claim", json!({ "token": token, "password": password }))
}

pub(crate) fn login(email: &str, password: &str) -> Call {
    post("/api/auth/login", json!({ "email": email, "password": password }))
}

impl Call {
    pub(crate) fn body(self, body: Value) -> Self {
        Self {
            body: (!body.is_null()).then_some(body),
            ..self
        }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(crate) fn cookie(self, token: &str) -> Self {
        self.header(header::COOKIE, &format!("botserver_session={token}"))
    }

    pub(crate) fn header(mut self, name: header::HeaderName, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn from(mut self, address: &str) -> Self {
        self.address = SocketAddr::new(address.parse().unwrap(), 5000);
        self
    }

    pub(crate) async fn send(self, composed: &Composed) -> Answer {
        let body = match self.body {
            Some(body) => Body::from(body.to_string()),
            None => Body::empty(),
        };
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .body(body)
            .unwrap();
        *request.headers_mut() = self.headers;
        request
            .headers_mut()
            .entry(header::CONTENT_TYPE)
            .or_insert("application/json".parse().unwrap());
        request.extensions_mut().insert(Peer(self.address));
        let response = composed.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).unwrap()
        };
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn text(&self, pointer: &str) -> String {
        let value = self.body.pointer(pointer).and_then(Value::as_str);
        value
            .unwrap_or_else(|| panic!("no {pointer} in {}", self.body))
            .to_owned()
    }

    /// The status, and the class of the problem if it is one.
    pub(crate) fn outcome(&self) -> (u16, &str) {
        (
            self.status.as_u16(),
            self.body.get("type").and_then(Value::as_str).unwrap_or_default(),
        )
    }
}
