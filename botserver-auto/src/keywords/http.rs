//! `POST`, `PUT`, `PATCH` and `DELETE HTTP`, and the request and answer that `GET` shares with them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::{Value, value::Map};
use botserver_core::outbound::{Outbound, OutboundError, OutboundRequest, OutboundResponse};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};
use bytes::Bytes;
use http::{HeaderValue, Method, header};

use super::headers;

/// The longest that a request which changes something may take.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// The header under which services recognise a repeated request (the IETF draft of that name).
const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub(super) fn keywords(outbound: &Outbound) -> Vec<Keyword> {
    let writing = |phrase, method, summary, example| Keyword {
        phrase,
        shapes: &["url, body, content_type", "url, body", "url"],
        class: Class::External,
        summary,
        example,
        handler: Some(Arc::new(Send {
            outbound: outbound.clone(),
            method,
        })),
    };
    vec![
        writing(
            "POST",
            Method::POST,
            "Sends a body to a URL and gives the answer: its `status`, `headers`, `data` and the members of `data`.",
            "answer = POST \"https://api.example.com/orders\", { \"item\": \"tea\" }\nTALK answer.status",
        ),
        writing(
            "PUT",
            Method::PUT,
            "Replaces what is at a URL and gives the answer as POST does.",
            "answer = PUT \"https://api.example.com/orders/7\", { \"item\": \"coffee\" }\nTALK answer.status",
        ),
        writing(
            "PATCH",
            Method::PATCH,
            "Changes parts of what is at a URL and gives the answer as POST does.",
            "answer = PATCH \"https://api.example.com/orders/7\", { \"paid\": TRUE }\nTALK answer.status",
        ),
        Keyword {
            phrase: "DELETE HTTP",
            shapes: &["url"],
            class: Class::External,
            summary: "Deletes what is at a URL and gives the answer as POST does.",
            example: "answer = DELETE HTTP \"https://api.example.com/orders/7\"\nTALK answer.status",
            handler: Some(Arc::new(Send {
                outbound: outbound.clone(),
                method: Method::DELETE,
            })),
        },
    ]
}

struct Send {
    outbound: Outbound,
    method: Method,
}

#[async_trait]
impl Handler for Send {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let mut request = OutboundRequest::new(self.method.clone(), args.text("url")?.trim());
        request.headers = headers::of(turn)?;
        let wanted = if args.has("content_type") {
            Some(args.text("content_type")?)
        } else {
            None
        };
        if let Some((body, kind)) = body(&args.take("body"), wanted.as_deref())? {
            request.body = body;
            request.headers.entry(header::CONTENT_TYPE).or_insert(kind);
        }
        if let Ok(key) = HeaderValue::from_str(turn.idempotency_key()) {
            request.headers.entry(IDEMPOTENCY_KEY).or_insert(key);
        }
        let response = send(&self.outbound, turn, request, WRITE_TIMEOUT).await?;
        Ok(answer(&response))
    }
}

/// Sends a request, unless the person stops the answer.
pub(super) async fn send(
    outbound: &Outbound,
    turn: &mut dyn Turn,
    request: OutboundRequest,
    timeout: Duration,
) -> Result<OutboundResponse, Fault> {
    let method = request.method.clone();
    let cancelled = turn.cancelled();
    let sending = tokio::time::timeout(timeout, outbound.send(request));
    match cancelled.run_until_cancelled(sending).await {
        None => Err(Fault::new(FaultKind::Stopped, "the person stopped the dialog")),
        Some(Ok(Ok(response))) => Ok(response),
        Some(Ok(Err(error))) => Err(fault(&method, &error)),
        Some(Err(_)) => {
            let seconds = timeout.as_secs();
            Err(Fault::new(
                FaultKind::Network,
                format!("{method} got no answer within {seconds} s"),
            ))
        }
    }
}

fn fault(method: &Method, error: &OutboundError) -> Fault {
    let kind = match error {
        OutboundError::NotAUrl(_)
        | OutboundError::Scheme(_)
        | OutboundError::Credentials
        | OutboundError::Header(_) => FaultKind::Argument,
        OutboundError::Private { .. } | OutboundError::Port { .. } => FaultKind::Permission,
        OutboundError::TooLarge(_) => FaultKind::Limit,
        _ => FaultKind::Network,
    };
    let mut message = format!("{method} failed: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    Fault::new(kind, message)
}

/// The bytes to send and their type; nothing for no body.
fn body(value: &Value, wanted: Option<&str>) -> Result<Option<(Bytes, HeaderValue)>, Fault> {
    let is_form = wanted.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let (bytes, kind) = match value {
        Value::Null => return Ok(None),
        Value::Map(fields) if is_form => (form(fields), "application/x-www-form-urlencoded"),
        Value::Map(_) | Value::List(_) => (json(value).to_string(), "application/json"),
        Value::Secret(secret) => (secret.expose().to_owned(), "text/plain; charset=utf-8"),
        other => {
            let text = other.to_string();
            let is_json = text.starts_with(['{', '[']) && serde_json::from_str::<serde_json::Value>(&text).is_ok();
            (
                text,
                if is_json {
                    "application/json"
                } else {
                    "text/plain; charset=utf-8"
                },
            )
        }
    };
    let kind = wanted.unwrap_or(kind);
    let Ok(kind) = HeaderValue::from_str(kind) else {
        return Err(
            Fault::new(FaultKind::Argument, "the content type of the body cannot be sent")
                .hint("a content type looks like application/json"),
        );
    };
    Ok(Some((bytes.into(), kind)))
}

fn form(fields: &Map) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields.iter() {
        match value {
            Value::Secret(secret) => form.append_pair(name, secret.expose()),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish()
}

/// Plain JSON with secrets in it: it goes to the service that they are for.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Secret(secret) => secret.expose().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(map) => map.iter().map(|(name, value)| (name.to_owned(), json(value))).collect(),
        other => other.to_json(),
    }
}

/// The body as a value: what JSON says, or else text.
fn data(response: &OutboundResponse) -> (Value, String) {
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let kind = response
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let looks_so = kind.contains("json") || text.trim_start().starts_with(['{', '[']);
    let parsed = if looks_so {
        serde_json::from_str(&text).ok()
    } else {
        None
    };
    let value = parsed.map_or_else(|| Value::text(text.as_str()), |json| Value::from_json(&json));
    (value, text)
}

/// What is known about an answer besides its body.
fn about(response: &OutboundResponse, data: Value, text: String) -> Map {
    let headers = response.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), Value::Text(value))
    });
    let mut map = Map::new();
    map.insert("status", Value::Int(response.status.as_u16().into()));
    map.insert(
        "statusText",
        Value::text(response.status.canonical_reason().unwrap_or_default()),
    );
    map.insert("headers", Value::Map(headers.collect()));
    map.insert("data", data);
    map.insert("text", Value::Text(text));
    map
}

/// The answer to a request that changed something: about the answer first, and the members of its body as far as
/// their names are free.
pub(super) fn answer(response: &OutboundResponse) -> Value {
    let (data, text) = data(response);
    let body = if let Value::Map(body) = &data {
        body.clone()
    } else {
        Map::new()
    };
    let answer = about(response, data, text);
    Value::Map(extend(answer, body))
}

/// The answer to a GET: the body itself, and about the answer as far as the names are free. Lists and texts are
/// what they are, because scripts walk through them.
pub(super) fn content(response: &OutboundResponse) -> Value {
    if !response.status.is_success() {
        return answer(response);
    }
    match data(response) {
        (Value::Map(body), text) => {
            let about = about(response, Value::Map(body.clone()), text);
            Value::Map(extend(body, about))
        }
        (other, _) => other,
    }
}

fn extend(mut map: Map, more: Map) -> Map {
    for (name, value) in more {
        if map.get(&name).is_none() {
            map.insert(name, value);
        }
    }
    map
}
