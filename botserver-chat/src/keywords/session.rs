//! What a conversation keeps for its scripts: `SET SESSION key, value`, `SET "session.key", value` and `GET SESSION key`.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Value, value::Map};
use botstate::{
    conversation::SessionState,
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};

use super::keep;

/// Bytes that all values of a conversation may have together in their stored form.
const LARGEST: usize = 256 << 10;

/// Characters that a key may have.
const LONGEST_KEY: usize = 255;

/// Members of `session` that the server itself sets.
const OURS: [&str; 3] = ["id", "channel", "user_id"];

pub(super) fn keywords() -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "SET SESSION",
            shapes: &["key, value", "key AS value"],
            class: Class::Write,
            summary: "Keeps a value for the rest of the conversation; scripts read it as a member of `session`. \
                      Null forgets it.",
            example: "SET SESSION \"table\", 7\nTALK session.table",
            handler: Some(keep(|session, mut args| {
                let key = args.text("key")?;
                set(session, &key, args.take("value"))
            })),
        },
        Keyword {
            phrase: "GET SESSION",
            shapes: &["key"],
            class: Class::Read,
            summary: "What SET SESSION kept in this conversation under a key; null when there is nothing.",
            example: "SET SESSION \"table\", 7\nTALK GET SESSION \"table\"",
            handler: Some(Arc::new(Get)),
        },
        Keyword {
            phrase: "SET",
            shapes: &["@path, value"],
            class: Class::Write,
            summary: "Sets a value by its path: `\"session.key\"` keeps it in the conversation as SET SESSION does.",
            example: "SET \"session.table\", 7\nTALK GET \"session.table\"",
            handler: Some(keep(|session, mut args| {
                let path = bare_or_text(args.take("path"))?;
                let (first, key) = path.split_once('.').unwrap_or(("session", path.as_str()));
                if !first.eq_ignore_ascii_case("session") {
                    return Err(Fault::new(FaultKind::Argument, format!("{path:?} cannot be set"))
                        .hint("a path that can be set begins with `session.`"));
                }
                set(session, key, args.take("value"))
            })),
        },
        Keyword {
            phrase: "SET LANGUAGE",
            shapes: &["language"],
            class: Class::Write,
            summary: "Sets the language of the conversation by its tag, such as \"pt-BR\": of the bot's own sentences, \
                      dates and numbers.",
            example: "SET LANGUAGE \"de\"",
            handler: Some(keep(set_language)),
        },
    ]
}

fn bare_or_text(path: Value) -> Result<String, Fault> {
    match path {
        Value::Map(bare) => Ok(match (bare.get("value"), bare.get("name")) {
            (Some(Value::Text(text)), _) if text.contains('.') => text.clone(),
            (_, Some(name)) => name.to_string(),
            _ => String::new(),
        }),
        Value::Secret(_) => Err(Fault::new(FaultKind::Argument, "a secret cannot be a path")),
        other => Ok(other.to_string()),
    }
}

fn set(session: &mut SessionState, key: &str, value: Value) -> Result<(), Fault> {
    let key = key.trim();
    if key.is_empty() || key.chars().count() > LONGEST_KEY {
        let message = format!("a key of the session needs 1 to {LONGEST_KEY} characters");
        return Err(Fault::new(FaultKind::Argument, message));
    }
    if OURS.iter().any(|name| key.eq_ignore_ascii_case(name)) {
        return Err(
            Fault::new(FaultKind::Permission, format!("session.{key} is set by the server")).hint("choose another key"),
        );
    }
    if value.is_null() {
        session.values.remove(key);
        return Ok(());
    }
    let weigh = |values: &Map| serde_json::to_string(values).map_or(usize::MAX, |text| text.len());
    let mut values = session.values.clone();
    values.insert(key, value);
    if weigh(&values) > LARGEST {
        return Err(Fault::new(
            FaultKind::Limit,
            format!("the values of a conversation may have {LARGEST} bytes at most together"),
        )
        .hint("keep large data in a table and its key in the session"));
    }
    session.values = values;
    Ok(())
}

fn set_language(session: &mut SessionState, mut args: Args) -> Result<(), Fault> {
    let tag = args.text("language")?.trim().replace('_', "-");
    let is_tag = (2..=35).contains(&tag.len())
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_tag {
        return Err(
            Fault::new(FaultKind::Argument, format!("{tag:?} is not the tag of a language"))
                .hint("a tag looks like `en` or `pt-BR`"),
        );
    }
    session.locale = Some(tag);
    Ok(())
}

struct Get;

#[async_trait]
impl Handler for Get {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let key = args.text("key")?;
        Ok(turn.session().values.get(key.trim()).cloned().unwrap_or_default())
    }
}
