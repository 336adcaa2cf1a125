//! Requests from outside that start scripts: webhooks and forms.

use axum::{
    body::Body,
    extract::{FromRequest as _, RawQuery, Request as Incoming, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use botlib::{Value, value::Map};
use botserver_core::{Auth, Json, OwnBody, Path, Problem};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    error::Error,
    service::{Answer, Posted, Request, TasksService, key},
};

/// Lets the script that declares `WEBHOOK "endpoint"` answer a request. Signed as Standard Webhooks say, with the
/// `webhook-secret` of the bot's config.csv, unless `webhook-public` is true there.
#[utoipa::path(method(get, post, put, patch, delete), path = "/api/{bot}/webhook/{endpoint}",
    params(("bot" = String, Path), ("endpoint" = String, Path)),
    responses((status = 200, description = "What the script answers"),
        (status = 202, description = "The script waits"), (status = 204, description = "The script answers nothing")))]
pub(super) async fn webhook(
    State(tasks): State<TasksService>,
    Path((bot, endpoint)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let (headers, method) = (incoming.headers().clone(), incoming.method().clone());
    // By the extractor, which keeps the server's limit.
    let raw = Bytes::from_request(incoming, &()).await.map_err(|rejection| {
        Problem::new(
            rejection.status(),
            "http/too-large",
            "The request body could not be read",
        )
    })?;
    let request = Request {
        path: format!("/api/{bot}/webhook/{endpoint}"),
        bot,
        endpoint,
        method: method.as_str().to_owned(),
        params: pairs(query.unwrap_or_default().as_bytes()),
        body: body(&headers, &raw),
        headers,
        raw,
    };
    match tasks.webhook(request).await {
        Ok(answer) => Ok(response(answer)),
        Err(Error::Waiting) => Ok(StatusCode::ACCEPTED.into_response()),
        Err(error) => Err(error.into()),
    }
}

/// How many scripts were told of a form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Accepted {
    /// Scripts that run now.
    scripts: usize,
}

/// Tells the scripts with `ON FORM SUBMIT "name"` of a form that somebody has sent, as JSON or as a page sends it. A
/// repeated `idempotency-key` is told once.
#[utoipa::path(post, path = "/api/{bot}/forms/{name}", params(("bot" = String, Path), ("name" = String, Path)),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 202, body = Accepted)))]
pub(super) async fn form(
    State(tasks): State<TasksService>,
    Auth(caller): Auth,
    Path((bot, form)): Path<(String, String)>,
    headers: HeaderMap,
    raw: Bytes,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let fields = body(&headers, &raw);
    if !matches!(fields, Value::Map(_)) {
        return Err(Error::Invalid("a form needs fields: a JSON object, or name=value pairs".to_owned()).into());
    }
    let text = |name: HeaderName| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.map_or(Value::Null, Value::text)
    };
    let metadata: Map = [
        ("form".to_owned(), Value::text(form.as_str())),
        ("user_agent".to_owned(), text(header::USER_AGENT)),
        ("referer".to_owned(), text(header::REFERER)),
        ("language".to_owned(), text(header::ACCEPT_LANGUAGE)),
    ]
    .into_iter()
    .collect();
    let posted = Posted {
        bot,
        form,
        fields,
        metadata,
        key: key(&headers),
    };
    let scripts = tasks.form(&caller, posted).await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted { scripts })))
}

/// A body as a script sees it: JSON and forms as values, other text as text, anything else as Base64.
fn body(headers: &HeaderMap, raw: &Bytes) -> Value {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if raw.is_empty() {
        return Value::Null;
    }
    if kind == "application/x-www-form-urlencoded" {
        return Value::Map(pairs(raw));
    }
    let says_json = kind.is_empty() || kind == "application/json" || kind.ends_with("+json");
    if says_json && let Ok(json) = serde_json::from_slice(raw) {
        return Value::from_json(&json);
    }
    match std::str::from_utf8(raw) {
        Ok(text) => Value::text(text),
        Err(_) => Value::text(STANDARD.encode(raw)),
    }
}

/// `name=value` pairs; a name that comes several times has a list.
fn pairs(text: &[u8]) -> Map {
    let mut map = Map::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        let value = Value::text(value.into_owned());
        match map.get_mut(&name) {
            Some(Value::List(values)) => values.push(value),
            Some(first) => {
                let both = vec![std::mem::take(first), value];
                *first = Value::List(both);
            }
            None => map.insert(name.into_owned(), value),
        }
    }
    map
}

fn response(answer: Answer) -> Response {
    let mut response = match answer.body {
        Value::Null => Response::new(Body::empty()),
        Value::Text(text) => {
            let mut response = Response::new(Body::from(text));
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, plain);
            response
        }
        value => {
            let mut response = Response::new(Body::from(value.to_json().to_string()));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        }
    };
    *response.status_mut() = answer.status;
    // What a script answers is its own, errors as well.
    response.extensions_mut().insert(OwnBody);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
