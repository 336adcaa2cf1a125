//! `POST`, `PUT`, `PATCH`, `DELETE HTTP` and `GRAPHQL`, and the request and answer that `GET` shares with them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::{Value, value::Map};
use botserver_core::outbound::{Outbound, OutboundError, OutboundRequest, OutboundResponse};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
    shared::{Decision, Quota, RateLimit},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};

use super::{Host, headers};

/// The longest that a request which changes something may take.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// The header under which services recognise a repeated request (the IETF draft of that name).
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Calls of the outside that a bot may make in a minute unless `script-calls-per-minute` says otherwise.
const CALLS_PER_MINUTE: u32 = 1000;

/// Bodies as authors write them: whole, by their fields, or as values that are named after their variables.
const SHAPES: &[&str] = &[
    "url, body",
    "url",
    "url WITH {fields}",
    "url, #parts...",
    "url BODY body HEADERS headers",
    "url BODY body",
];

pub(super) fn keywords(host: &Host) -> Vec<Keyword> {
    let writing = |phrase, method, summary, example| Keyword {
        phrase,
        shapes: SHAPES,
        class: Class::External,
        summary,
        example,
        handler: Some(Arc::new(Send {
            client: Client::new(host),
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
            handler: Some(Arc::new(Delete(Client::new(host)))),
        },
        Keyword {
            phrase: "GRAPHQL",
            shapes: &["url, query, variables", "url, query", "url, query WITH {variables}"],
            class: Class::External,
            summary: "Asks a GraphQL service; the payload is `data.data` of the answer.",
            example: "answer = GRAPHQL \"https://api.example.com/graphql\", \"{ shop { name } }\"\nTALK answer.status",
            handler: Some(Arc::new(GraphQl(Client::new(host)))),
        },
    ]
}

/// The guarded client with what a bot may make of it.
#[derive(Clone)]
pub(super) struct Client {
    outbound: Outbound,
    limits: Arc<dyn RateLimit>,
}

struct Send {
    client: Client,
    method: Method,
}

#[async_trait]
impl Handler for Send {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let url = args.text("url")?;
        let (value, kind) = written(&mut args);
        let mut headers = headers::of(turn)?;
        if let Value::Map(more) = args.take("headers") {
            headers.extend(headers::read(&more)?);
        }
        self.client
            .write(turn, self.method.clone(), &url, headers, &value, kind.as_deref())
            .await
    }
}

/// The body that the arguments mean, and the content type if one is named.
fn written(args: &mut Args) -> (Value, Option<String>) {
    if args.has("fields") {
        return (args.take("fields"), None);
    }
    let Value::List(parts) = args.take("parts") else {
        return (args.take("body"), None);
    };
    let mut named = Map::new();
    let mut values = Vec::new();
    for part in parts {
        let Value::Map(mut part) = part else { continue };
        let value = part.remove("value").unwrap_or_default();
        if let Some(Value::Text(name)) = part.remove("name") {
            named.insert(name, value.clone());
        }
        values.push(value);
    }
    if let [body, Value::Text(kind)] = values.as_slice()
        && is_media_type(kind)
    {
        return (body.clone(), Some(kind.clone()));
    }
    match values.len() {
        0 | 1 => (values.pop().unwrap_or_default(), None),
        count if named.len() == count => (Value::Map(named), None),
        _ => (Value::List(values), None),
    }
}

fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
    };
    essence
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

struct Delete(Client);

#[async_trait]
impl Handler for Delete {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let url = args.text("url")?;
        self.0.delete(turn, &url).await
    }
}

struct GraphQl(Client);

#[async_trait]
impl Handler for GraphQl {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let url = args.text("url")?;
        let mut body = Map::new();
        body.insert("query", args.take("query"));
        body.insert("variables", args.take("variables"));
        let headers = headers::of(turn)?;
        self.0
            .write(turn, Method::POST, &url, headers, &Value::Map(body), None)
            .await
    }
}

impl Client {
    pub(super) fn new(host: &Host) -> Self {
        Self {
            outbound: host.outbound.clone(),
            limits: Arc::clone(&host.limits),
        }
    }

    /// Sends what changes something, under the call's idempotency key.
    pub(super) async fn write(
        &self,
        turn: &mut dyn Turn,
        method: Method,
        url: &str,
        headers: HeaderMap,
        value: &Value,
        kind: Option<&str>,
    ) -> Result<Value, Fault> {
        let mut headers = headers;
        let body = body(value, kind)?.map(|(body, kind)| {
            headers.entry(header::CONTENT_TYPE).or_insert(kind);
            body
        });
        let response = self.exchange(turn, method, url, headers, body).await?;
        Ok(answer(&response))
    }

    /// Sends a request under the call's idempotency key.
    pub(super) async fn exchange(
        &self,
        turn: &mut dyn Turn,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Option<Bytes>,
    ) -> Result<OutboundResponse, Fault> {
        let mut request = OutboundRequest::new(method, url.trim());
        request.headers = headers;
        if let Some(body) = body {
            request.body = body;
        }
        if let Ok(key) = HeaderValue::from_str(turn.idempotency_key()) {
            request.headers.entry(IDEMPOTENCY_KEY).or_insert(key);
        }
        self.send(turn, request, WRITE_TIMEOUT).await
    }

    /// Deletes what is at `url`.
    pub(super) async fn delete(&self, turn: &mut dyn Turn, url: &str) -> Result<Value, Fault> {
        let headers = headers::of(turn)?;
        self.write(turn, Method::DELETE, url, headers, &Value::Null, None).await
    }

    /// Sends a request, unless the person stops the answer or the bot has called too often.
    pub(super) async fn send(
        &self,
        turn: &mut dyn Turn,
        request: OutboundRequest,
        timeout: Duration,
    ) -> Result<OutboundResponse, Fault> {
        self.take(turn).await?;
        let method = request.method.clone();
        let cancelled = turn.cancelled();
        let sending = tokio::time::timeout(timeout, self.outbound.send(request));
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

    /// Takes one call from the bot's allowance. A limiter that is away lets calls pass.
    async fn take(&self, turn: &mut dyn Turn) -> Result<(), Fault> {
        let bot = Arc::clone(turn.bot());
        let most = bot
            .settings
            .parse("script-calls-per-minute")
            .unwrap_or(CALLS_PER_MINUTE);
        let quota = Quota {
            burst: most.max(1),
            period: Duration::from_mins(1),
        };
        let taken = self
            .limits
            .take(&format!("calls:{}:{}", bot.org, bot.id), quota, 1)
            .await;
        match taken {
            Ok(Decision::Refused { retry_after }) => Err(Fault::new(
                FaultKind::Limit,
                format!(
                    "the bot calls outside more than {most} times a minute; the next call is possible in {} s",
                    retry_after.as_secs() + 1
                ),
            )
            .hint("raise script-calls-per-minute in config.csv")),
            Ok(Decision::Allowed { .. }) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "calls of scripts are not limited");
                Ok(())
            }
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
pub(super) fn json(value: &Value) -> serde_json::Value {
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
    answer_with(response, data, text)
}

/// The answer with `data` for its body.
pub(super) fn answer_with(response: &OutboundResponse, data: Value, text: String) -> Value {
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
