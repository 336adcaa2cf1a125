//! `SET HEADER name, value` and `CLEAR HEADERS`: what goes with the requests of a conversation.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers that a conversation may have.
const MOST: usize = 50;

/// Bytes that the value of a header may have.
const LONGEST: usize = 8 << 10;

pub(super) fn keywords() -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "SET HEADER",
            shapes: &["name, value", "name AS value", "name = value"],
            class: Class::Write,
            summary: "Adds a header to the HTTP requests that follow in this conversation; an empty value removes it.",
            example: "SET HEADER \"Accept-Language\", \"en\"",
            handler: Some(Arc::new(Set)),
        },
        Keyword {
            phrase: "CLEAR HEADERS",
            shapes: &[""],
            class: Class::Write,
            summary: "Removes all headers that SET HEADER added.",
            example: "CLEAR HEADERS",
            handler: Some(Arc::new(Clear)),
        },
    ]
}

struct Set;

#[async_trait]
impl Handler for Set {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let name = args.text("name")?.trim().to_owned();
        let value = args.take("value");
        // A secret goes to the service that it is for; that is what secrets are for.
        let value = if let Value::Secret(_) = value {
            value
        } else {
            Value::text(value.to_string().trim())
        };
        header(&name, &value)?;
        let headers = &mut turn.session().headers;
        headers.retain(|known, _| !known.eq_ignore_ascii_case(&name));
        if exposed(&value).is_empty() {
            return Ok(Value::Null);
        }
        if headers.len() >= MOST {
            return Err(
                Fault::new(FaultKind::Limit, format!("there are {MOST} headers already"))
                    .hint("CLEAR HEADERS removes them"),
            );
        }
        headers.insert(name, value);
        Ok(Value::Null)
    }
}

struct Clear;

#[async_trait]
impl Handler for Clear {
    async fn call(&self, turn: &mut dyn Turn, _args: Args) -> Result<Value, Fault> {
        turn.session().headers.clear();
        Ok(Value::Null)
    }
}

/// The headers that SET HEADER added to this conversation.
pub(super) fn of(turn: &mut dyn Turn) -> Result<HeaderMap, Fault> {
    turn.session()
        .headers
        .iter()
        .map(|(name, value)| header(name, value))
        .collect()
}

/// Headers that a script names in an object.
pub(super) fn read(map: &Map) -> Result<HeaderMap, Fault> {
    map.iter()
        .map(|(name, value)| match value {
            Value::Secret(_) => header(name, value),
            other => header(name, &Value::text(other.to_string())),
        })
        .collect()
}

fn header(name: &str, value: &Value) -> Result<(HeaderName, HeaderValue), Fault> {
    let Ok(key) = HeaderName::try_from(name) else {
        let shown: String = name.chars().take(64).collect();
        return Err(Fault::new(
            FaultKind::Argument,
            format!("{shown:?} cannot be the name of a header"),
        ));
    };
    let text = exposed(value);
    match HeaderValue::from_str(text) {
        Ok(header) if text.len() <= LONGEST => Ok((key, header)),
        _ => Err(Fault::new(
            FaultKind::Argument,
            format!("the value of the header {key} cannot be sent"),
        )
        .hint(format!("a value is one line of at most {LONGEST} bytes"))),
    }
}

fn exposed(value: &Value) -> &str {
    match value {
        Value::Secret(secret) => secret.expose(),
        other => other.as_str().unwrap_or_default(),
    }
}
