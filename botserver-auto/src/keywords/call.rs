//! `CALL "/path"`: the server's own REST API as a procedure, with the rights of whoever talks.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use axum::{Router, body::Body};
use botlib::{Caller, Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};
use http::{Method, Request, header};
use tower::ServiceExt as _;

use super::http::json;

/// Bytes of an answer at most.
const LARGEST: usize = 1 << 20;

/// The routes of this server for scripts, set once they are composed.
#[derive(Clone, Default)]
pub struct LocalApi(Arc<OnceLock<Router>>);

impl fmt::Debug for LocalApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalApi").field(&self.0.get().is_some()).finish()
    }
}

impl LocalApi {
    /// Sets the routes, whose guards read the caller from the request's extensions. A second time changes nothing.
    pub fn set(&self, routes: Router) {
        let _ = self.0.set(routes);
    }

    /// Sends a request as `caller` and gives the status and the body's value.
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] without routes, [`FaultKind::Argument`] when `path` is none, and what the API answers
    /// where that is not a success: permission, missing things, bad arguments.
    pub(super) async fn send(
        &self,
        caller: &Caller,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Fault> {
        let Some(routes) = self.0.get() else {
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("there is no server here that could answer {path}"),
            )
            .hint("run the package with `botserver serve`"));
        };
        let shown = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(path);
        let body = match body {
            Some(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json(value).to_string())
            }
            None => Body::empty(),
        };
        let mut request = request
            .body(body)
            .map_err(|error| Fault::new(FaultKind::Argument, format!("{path:?} is no path of the API: {error}")))?;
        request.extensions_mut().insert(caller.clone());
        let response = match routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), LARGEST)
            .await
            .map_err(|error| {
                Fault::new(
                    FaultKind::Limit,
                    format!("the answer to {shown} cannot be read: {error}"),
                )
            })?;
        let text = String::from_utf8_lossy(&bytes);
        let value =
            serde_json::from_str(&text).map_or_else(|_| Value::text(text.as_ref()), |json| Value::from_json(&json));
        if status.is_success() {
            return Ok(value);
        }
        let kind = match status.as_u16() {
            401 | 403 => FaultKind::Permission,
            404 | 405 => FaultKind::NotFound,
            400..=499 => FaultKind::Argument,
            _ => FaultKind::Internal,
        };
        let why = match &value {
            Value::Map(problem) => problem.get("detail").or(problem.get("title")).map(ToString::to_string),
            _ => None,
        };
        Err(Fault::new(
            kind,
            format!("{shown} answered {}: {}", status.as_u16(), why.unwrap_or_default()),
        ))
    }
}

/// The path of the API that a script names: `/crm/leads` means `/api/crm/leads`.
pub(super) fn path(text: &str) -> String {
    let text = text.trim();
    if text == "/api" || text.starts_with("/api/") {
        text.to_owned()
    } else {
        format!("/api{text}")
    }
}

pub(super) fn keyword(api: &LocalApi) -> Keyword {
    Keyword {
        phrase: "API CALL",
        shapes: &["path, args...", "path"],
        class: Class::External,
        summary: "Calls this server's own API as whoever talks; CALL with a path that begins with / does the same.",
        example: "TRY\n  answer = API CALL \"/chat/unknown\"\nCATCH problem\n  TALK \"No such service.\"\nEND TRY",
        handler: Some(Arc::new(Call(api.clone()))),
    }
}

struct Call(LocalApi);

#[async_trait]
impl Handler for Call {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let path = path(&args.text("path")?);
        let body = match args.take("args") {
            Value::List(mut values) if values.len() == 1 => match values.pop() {
                Some(Value::Map(map)) => Value::Map(map),
                Some(value) => Value::Map(positional(vec![value])),
                None => Value::Null,
            },
            Value::List(values) => Value::Map(positional(values)),
            _ => Value::Map(Map::new()),
        };
        let caller = turn.caller().clone();
        self.0.send(&caller, Method::POST, &path, Some(&body)).await
    }
}

/// Arguments without names, as the API of a service reads them: `args`.
fn positional(values: Vec<Value>) -> Map {
    [("args".to_owned(), Value::List(values))].into_iter().collect()
}
