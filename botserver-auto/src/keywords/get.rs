//! `GET source`: a URL, a path into the conversation, a setting, or something remembered. The value decides which.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::{Subject, Value, value::Map};
use botserver_core::outbound::OutboundRequest;
use botstate::{
    dialog::{Fault, FaultKind, Settings},
    keyword::{Args, Class, Handler, Keyword, Source, Turn},
};
use http::Method;

use super::{
    FileHost, Host, LocalApi, Memory, call, headers,
    http::{self as requests, Client},
};

/// The longest that a request may take.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Endings of names that mean a file.
const FILES: [&str; 14] = [
    "csv", "xlsx", "xls", "pdf", "docx", "doc", "txt", "md", "json", "xml", "html", "pptx", "png", "jpg",
];

pub(super) fn keyword(host: &Host) -> Keyword {
    Keyword {
        phrase: "GET",
        shapes: &[
            "@source",
            "source, key",
            "source WITH {params}",
            "source WITH #named...",
        ],
        class: Class::External,
        summary: "What a URL answers, JSON as values; or a path such as \"session.id\", a setting (\"config\", key), \
                  or what the bot remembers.",
        example: "price = GET \"config\", \"param-price\"\nTALK \"It costs \" + price",
        handler: Some(Arc::new(Get {
            memory: host.memory.clone(),
            client: Client::new(host),
            api: host.api.clone(),
            files: host.files.clone(),
        })),
    }
}

struct Get {
    memory: Memory,
    client: Client,
    api: LocalApi,
    files: FileHost,
}

#[async_trait]
impl Handler for Get {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        if args.has("key") {
            let (scope, key) = (args.text("source")?, args.text("key")?);
            return scoped(turn, &scope, &key);
        }
        let (source, is_name) = source(&mut args)?;
        if is_name && let Some(value) = turn.session().values.get(&source) {
            return Ok(value.clone());
        }
        if is_url(&source) {
            let mut request = OutboundRequest::new(Method::GET, with_params(&source, &mut args)?);
            request.headers = headers::of(turn)?;
            let response = self.client.send(turn, request, TIMEOUT).await?;
            return Ok(requests::content(&response));
        }
        if source.starts_with('/') {
            let path = with_params(&call::path(&source), &mut args)?;
            let caller = turn.caller().clone();
            return self.api.send(&caller, Method::GET, &path, None).await;
        }
        if let Some(path) = conversation_path(&source) {
            return Ok(in_conversation(turn, path));
        }
        refuse_missing(&source)?;
        if is_file(&source) {
            return self.files.get(turn, &source).await;
        }
        if let Some(value) = turn.session().values.get(&source) {
            return Ok(value.clone());
        }
        Ok(self.memory.get(turn.bot().id, source).await?.unwrap_or_default())
    }
}

/// What to get, and whether it is a bare name rather than a text: `GET role` means the session's `role` unless a
/// variable of that name holds a text.
fn source(args: &mut Args) -> Result<(String, bool), Fault> {
    let Source { name, value } = args.source("source");
    match (name, value) {
        (Some(name), value) if !matches!(value, Value::Text(_)) => Ok((name, true)),
        (_, value) => {
            args.0.insert("source", value);
            Ok((args.text("source")?.trim().to_owned(), false))
        }
    }
}

/// The address with the parameters of WITH in its query.
fn with_params(address: &str, args: &mut Args) -> Result<String, Fault> {
    let mut pairs = Vec::new();
    if let Value::Map(params) = args.take("params") {
        pairs.extend(params);
    }
    if let Value::List(named) = args.take("named") {
        for item in named {
            let Value::Map(mut item) = item else { continue };
            let Some(Value::Text(name)) = item.remove("name") else {
                return Err(Fault::new(FaultKind::Argument, "a parameter of GET … WITH has no name")
                    .hint("write `name = value`, or hand over variables"));
            };
            pairs.push((name, item.remove("value").unwrap_or_default()));
        }
    }
    if pairs.is_empty() {
        return Ok(address.to_owned());
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &pairs {
        match value {
            Value::Secret(secret) => query.append_pair(name, secret.expose()),
            other => query.append_pair(name, &other.to_string()),
        };
    }
    let sign = if address.contains('?') { '&' } else { '?' };
    Ok(format!("{address}{sign}{}", query.finish()))
}

fn is_url(source: &str) -> bool {
    source
        .split_once("://")
        .is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// The member that a path into the conversation names.
fn conversation_path(source: &str) -> Option<(&str, &str)> {
    let (first, member) = source.split_once('.')?;
    let known = first.eq_ignore_ascii_case("session") || first.eq_ignore_ascii_case("user");
    known.then_some((first, member))
}

fn in_conversation(turn: &mut dyn Turn, (first, member): (&str, &str)) -> Value {
    let person = match turn.caller().subject {
        Subject::Visitor(id) => Value::text(id.to_string()),
        Subject::Person(id) => Value::text(id.to_string()),
        Subject::Nobody | Subject::Bot(_) | Subject::System => Value::Null,
    };
    match (
        first.to_ascii_lowercase().as_str(),
        member.to_ascii_lowercase().as_str(),
    ) {
        ("session", "id") => Value::text(turn.conversation().to_string()),
        ("session", "user_id") | ("user", "id") => person,
        ("session", member) => turn.session().values.get(member).cloned().unwrap_or_default(),
        _ => Value::Null,
    }
}

/// Whether a source is the name of a file of the bot.
fn is_file(source: &str) -> bool {
    let ending = source.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    source.contains('/') || ending.is_some_and(|ending| FILES.contains(&ending.as_str()))
}

/// Refuses to get nothing.
fn refuse_missing(source: &str) -> Result<(), Fault> {
    if source.is_empty() {
        return Err(Fault::new(
            FaultKind::Argument,
            "GET needs a URL or a name, and got an empty text",
        ));
    }
    Ok(())
}

fn scoped(turn: &dyn Turn, scope: &str, key: &str) -> Result<Value, Fault> {
    if !scope.trim().eq_ignore_ascii_case("config") {
        return Err(
            Fault::new(FaultKind::Argument, format!("GET {scope:?}, {key:?} means nothing"))
                .hint("with two texts the first is \"config\", and the second the name of a setting"),
        );
    }
    let settings = &turn.bot().settings;
    let key = key.trim().to_lowercase();
    let dashed = key.replace('_', "-");
    let exact = [&key, &dashed].into_iter().find_map(|name| settings.get(name));
    Ok(exact.map_or_else(|| group(settings, &dashed), Settings::typed))
}

/// Settings that begin with `key` and a dash or a dot, as members: `business-hours-start` is `start` of
/// `business-hours`.
fn group(settings: &Settings, key: &str) -> Value {
    let members = settings.iter().filter_map(|(name, value)| {
        let member = name
            .replace('_', "-")
            .strip_prefix(key)?
            .strip_prefix(['-', '.'])?
            .to_owned();
        Some((member, Settings::typed(value)))
    });
    let members: Map = members.collect();
    if members.is_empty() {
        Value::Null
    } else {
        Value::Map(members)
    }
}
