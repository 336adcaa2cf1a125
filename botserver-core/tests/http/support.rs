//! A server with a few routes, somebody to ask, and a way to read answers.

use std::{
    convert::Infallible,
    sync::{Arc, LazyLock},
};

use async_trait::async_trait;
use axum::{
    body::Body,
    response::{
        Html,
        sse::{Event, Sse},
    },
};
use botlib::{Access, Caller, ManualClock, OrgId, Permission, PersonId, RequestId, Role, SessionId};
use botserver_core::{App, Auth, Authenticator, Composed, Handles, Json, Path, Problem, Query, Routes, routes, ws};
use botstate::{Lifecycle, config::HttpConfig, shared::Local};
use futures::{SinkExt, Stream, StreamExt, stream};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;
use utoipa::ToSchema;

/// Handles with default limits, and a clock that stands still.
pub(crate) fn handles() -> Handles {
    let clock = ManualClock::new("2026-01-02T03:04:05Z".parse().unwrap());
    Handles {
        http: config(),
        lifecycle: Lifecycle::new(),
        limits: Arc::new(Local::new(Arc::new(clock))),
        org: OrgId::new(),
    }
}

fn config() -> HttpConfig {
    let folder = tempfile::tempdir().unwrap();
    let mut http = botstate::config::for_tests(folder.path()).http;
    (http.rate_per_minute, http.rate_burst) = (0, 0);
    http
}

/// A server with [`routes`] and [`Tokens`], after `change`.
pub(crate) fn app(change: impl FnOnce(&mut Handles)) -> Composed {
    let mut handles = handles();
    change(&mut handles);
    App::new(handles)
        .routes(example())
        .authenticator(Arc::new(Tokens))
        .build()
}

/// Knows the bearer tokens `member`, `operator` and `broken`, and the cookie `role=…`.
pub(crate) struct Tokens;

#[async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let cookie = text(header::COOKIE).and_then(|value| value.strip_prefix("role="));
        let role = match bearer.or(cookie) {
            None => return Ok(Caller::nobody(org, request)),
            Some("member") => Role::Member,
            Some("operator") => Role::Operator,
            Some("broken") => return Err(Problem::unavailable("the session store is away")),
            Some(_) => {
                return Err(Problem::new(
                    StatusCode::UNAUTHORIZED,
                    "auth/invalid",
                    "The credential is not valid",
                ));
            }
        };
        Ok(Caller::person(
            org,
            PersonId::from_uuid(uuid::Uuid::from_u128(7)),
            role,
            SessionId::new(),
            request,
        ))
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Order {
    pub(crate) item: String,
    pub(crate) lines: Vec<Line>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Line {
    pub(crate) count: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Paging {
    pub(crate) limit: Option<u32>,
}

#[utoipa::path(post, path = "/api/orders", responses((status = 200, body = Order)))]
async fn create_order(Json(order): Json<Order>) -> Json<Order> {
    Json(order)
}

#[utoipa::path(get, path = "/api/orders/{id}", params(("id" = u32, Path)), responses((status = 200, body = u32)))]
async fn get_order(Path(id): Path<u32>) -> Json<u32> {
    Json(id)
}

#[utoipa::path(get, path = "/api/orders", params(("limit" = Option<u32>, Query)), responses((status = 200, body = u32)))]
async fn list_orders(Query(paging): Query<Paging>) -> Json<u32> {
    Json(paging.limit.unwrap_or(50))
}

#[utoipa::path(get, path = "/api/secret", responses((status = 200, body = String)))]
async fn secret(Auth(caller): Auth) -> Json<String> {
    Json(format!("{:?}", caller.permissions.len()))
}

#[utoipa::path(get, path = "/api/panic", responses((status = 200, body = String)))]
async fn panics() -> Json<String> {
    panic!("the invariant is broken at /srv/secret");
}

#[utoipa::path(get, path = "/api/fault", responses((status = 200, body = String)))]
async fn fault() -> Result<Json<String>, Problem> {
    Err(Problem::internal(std::io::Error::other("disk is full")).detail("in /srv/secret"))
}

#[utoipa::path(get, path = "/api/sleep/{ms}", params(("ms" = u64, Path)), responses((status = 200, body = u64)))]
async fn sleep(Path(ms): Path<u64>) -> Json<u64> {
    SLEEPING.send_modify(|sleeping| sleeping.push(ms));
    tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
    Json(ms)
}

/// How long those who have begun to sleep will.
static SLEEPING: LazyLock<watch::Sender<Vec<u64>>> = LazyLock::new(|| watch::Sender::new(Vec::new()));

/// Waits until somebody has begun to sleep for `ms`, which is a test's own number.
pub(crate) async fn sleeping(ms: u64) {
    let mut sleeping = SLEEPING.subscribe();
    sleeping.wait_for(|sleeping| sleeping.contains(&ms)).await.unwrap();
}

/// Permits for the events after the first.
static GOING_ON: Semaphore = Semaphore::const_new(0);

/// Lets the events come that wait.
pub(crate) fn go_on() {
    GOING_ON.add_permits(2);
}

async fn page() -> Html<&'static str> {
    Html("<p>hello")
}

async fn widget() -> (axum::Extension<botserver_core::Embeddable>, Html<&'static str>) {
    (axum::Extension(botserver_core::Embeddable), Html("<p>hello"))
}

/// Says back what it hears, as long as it is not too much.
async fn echo(upgrade: ws::Upgrade) -> axum::response::Response {
    upgrade.accept(1000, async |socket| {
        let (mut sink, mut stream) = socket.split();
        let why = loop {
            match ws::read(stream.next().await) {
                Ok(message) => {
                    if sink.send(message).await.is_err() {
                        break ws::Why::Gone;
                    }
                }
                Err(why) => break why,
            }
        };
        ws::close(&mut sink, why).await;
    })
}

/// Three events, of which those after the first wait until they may [go on](go_on) where that is asked for.
async fn events(uri: http::Uri) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(stream::iter(1..=3).then(move |number| {
        let waits = number > 1 && uri.query() == Some("wait");
        async move {
            if waits {
                GOING_ON.acquire().await.unwrap().forget();
            }
            Ok(Event::default().data(format!("{number} {}", "x".repeat(100))))
        }
    }))
}

/// One route of each kind.
pub(crate) fn example() -> Routes {
    Routes::new("example")
        .route(Access::Public, routes!(create_order, list_orders))
        .route(Access::Public, routes!(get_order))
        .route(Access::Public, routes!(panics))
        .route(Access::Public, routes!(fault))
        .route(Access::Public, routes!(sleep))
        .route(Access::Needs(Permission::BotsRead), routes!(secret))
        .page(Access::Public, "/", page)
        .page(Access::Public, "/widget", widget)
        .page(Access::Public, "/ws", echo)
        .page(Access::Public, "/events", events)
        .page(Access::Needs(Permission::BotsRead), "/admin", page)
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    /// The problem document, with the request's id hidden after a look at it.
    pub(crate) fn problem(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let mut problem = self.json();
        assert_eq!(problem["instance"], self.header("x-request-id"), "{}", self.body);
        assert_eq!(problem["status"], self.status.as_u16(), "{}", self.body);
        problem["instance"] = "[request]".into();
        problem
    }
}

/// Sends `request` through the router.
pub(crate) async fn send(app: &Composed, request: Request<Body>) -> Answer {
    read(app.router.clone().oneshot(request).await.unwrap()).await
}

pub(crate) async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// A request without a body.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

pub(crate) async fn get(app: &Composed, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(app, request("GET", path, headers)).await
}

/// A POST of JSON text.
pub(crate) async fn post(app: &Composed, path: &str, body: &str) -> Answer {
    let mut request = request("POST", path, &[("content-type", "application/json")]);
    *request.body_mut() = Body::from(body.to_owned());
    send(app, request).await
}
