//! A stand-in for a model's provider: the OpenAI-compatible protocol with true server-sent events.
//!
//! What it answers is asked for in the last message of a user, one directive a line:
//!
//! | Directive | Answer |
//! |---|---|
//! | `say:TEXT` | `TEXT` |
//! | `call:NAME{"a":1}` | a call of the tool `NAME`; several lines are several calls at once |
//! | `mock:loop` | the calls again after every result, without end |
//! | `mock:hang` | nothing, without end |
//! | `mock:cut` | half of the answer, then a broken connection |
//! | `mock:garbage` | half of the answer, then an event that is not JSON |
//! | `mock:status=429` | this status with an error body |
//! | `mock:pause=MS` | a pause before each piece |
//! | `mock:tps=N` | the same, as pieces a second |
//! | `mock:ttft=MS` | a pause before the first piece |
//!
//! A model that [obeys](Model::obeying) makes every call that any message asks for, wherever it came from.
//! A request that wants a tool called (`tool_choice`) gets a call of it with `{}`, unless a directive calls one.
//! After the results of tools it says `results: …` with them; without directives, `echo: …` with the message.

mod answer;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use self::answer::Answer;

/// The name of its only model.
pub const NAME: &str = "mock-1";

/// A running stand-in; it ends when dropped.
#[derive(Debug)]
pub struct Model {
    address: std::net::SocketAddr,
    seen: Arc<Seen>,
    server: JoinHandle<()>,
}

/// One request that it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The `authorization` header.
    pub authorization: Option<String>,
    /// The body.
    pub body: Value,
}

/// What it remembers.
#[derive(Debug, Default)]
struct Seen {
    /// Whether it believes whatever it reads.
    obeys: bool,
    requests: Mutex<Vec<Asked>>,
    cancelled: AtomicUsize,
}

impl Model {
    /// Starts on a free port of the loopback address.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> anyhow::Result<Self> {
        Self::listen(Seen::default()).await
    }

    /// The same, believing whatever it reads: documents, memories, results of tools.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn obeying() -> anyhow::Result<Self> {
        let seen = Seen {
            obeys: true,
            ..Seen::default()
        };
        Self::listen(seen).await
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no lifecycle; the task ends with its handle"
    )]
    async fn listen(seen: Seen) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("bind the mock model")?;
        let address = listener.local_addr()?;
        // Pieces are small, and pauses must be those that were asked for.
        let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
        let seen = Arc::new(seen);
        let router = Router::new()
            .route("/v1/models", get(models))
            .route("/v1/chat/completions", post(complete))
            .with_state(Arc::clone(&seen));
        let server = tokio::spawn(async move {
            // It only ends when the listener fails, which the test then sees.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, seen, server })
    }

    /// The base address, as `OPENAI_BASE_URL` takes it.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Asked> {
        self.seen.requests.lock().clone()
    }

    /// The messages of the last request, none before the first.
    pub fn last_messages(&self) -> Vec<Value> {
        let requests = self.seen.requests.lock();
        let messages = requests
            .last()
            .and_then(|asked| asked.body.get("messages")?.as_array().cloned());
        messages.unwrap_or_default()
    }

    /// How many answers the other side gave up before their end.
    pub fn cancelled(&self) -> usize {
        self.seen.cancelled.load(Ordering::SeqCst)
    }

    /// Waits until `count` answers were given up.
    ///
    /// # Errors
    /// When there are fewer in the end.
    pub async fn wait_cancelled(&self, count: usize, within: Duration) -> anyhow::Result<()> {
        let waiting = async {
            while self.cancelled() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(within, waiting).await;
        waited.with_context(|| format!("{} of {count} answers were given up in {within:?}", self.cancelled()))
    }

    /// Forgets what was asked so far.
    pub fn forget(&self) {
        self.seen.requests.lock().clear();
        self.seen.cancelled.store(0, Ordering::SeqCst);
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn models() -> Response {
    let model = json!({ "id": NAME, "object": "model", "created": 1_767_225_600, "owned_by": "tests" });
    json_response(StatusCode::OK, &json!({ "object": "list", "data": [model] }))
}

async fn complete(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: String) -> Response {
    let Ok(body) = serde_json::from_str::<Value>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is not JSON");
    };
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    seen.requests.lock().push(Asked {
        authorization,
        body: body.clone(),
    });

    let answer = match Answer::to(&body, seen.obeys) {
        Ok(answer) => answer,
        Err(mistake) => return refuse(StatusCode::BAD_REQUEST, &mistake),
    };
    if let Some(status) = answer.status {
        return refuse(status, "asked for by the test");
    }
    if body.get("stream").and_then(Value::as_bool) == Some(true) {
        let usage = body.pointer("/stream_options/include_usage").and_then(Value::as_bool) == Some(true);
        let events = Body::from_stream(stream::events(&answer, usage, seen));
        return ([(header::CONTENT_TYPE, "text/event-stream")], events).into_response();
    }
    if answer.hangs {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(answer.first_pause).await;
    json_response(StatusCode::OK, &answer.whole())
}

fn refuse(status: StatusCode, message: &str) -> Response {
    let error = json!({ "message": message, "type": "mock_error", "param": null, "code": status.as_u16() });
    let mut response = json_response(status, &json!({ "error": error }));
    if status == StatusCode::TOO_MANY_REQUESTS {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
