//! `REMEMBER key, value, span` and `RECALL key`: what one bot remembers of a person, for a time or for good.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};
use chrono::TimeDelta;

use super::{Memory, Place, check, checked_key, person, shelf};

/// Seconds of the units that a span may name. A month has 30 days here and a year 365.
const UNITS: [(&str, i64); 7] = [
    ("second", 1),
    ("minute", 60),
    ("hour", 3600),
    ("day", 86_400),
    ("week", 604_800),
    ("month", 2_592_000),
    ("year", 31_536_000),
];

pub(super) fn keywords(memory: &Memory) -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "REMEMBER",
            shapes: &[
                "key, value, span",
                "key, value, count $unit",
                "key, value",
                "@key = value, span",
                "@key = value, count $unit",
                "@key = value",
            ],
            class: Class::Write,
            summary: "Remembers a value of the person for this bot: for good, or for a span such as \"30 days\".",
            example: "REMEMBER \"cart\", [\"tea\", \"milk\"], \"2 hours\"\ncart = RECALL \"cart\"\nTALK JOIN(cart, \" and \")",
            handler: Some(Arc::new(Remember(memory.clone()))),
        },
        Keyword {
            phrase: "RECALL",
            shapes: &["@key"],
            class: Class::Read,
            summary: "What REMEMBER kept under a key; null when there is nothing or its time is over.",
            example: "IF RECALL \"cart\" IS NULL THEN\n  TALK \"Your cart is empty.\"\nEND IF",
            handler: Some(Arc::new(Recall(memory.clone()))),
        },
    ]
}

/// The scope of what one bot remembers.
pub(super) fn scope(turn: &dyn Turn) -> String {
    format!("bot:{}", turn.bot().id)
}

struct Remember(Memory);

#[async_trait]
impl Handler for Remember {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let key = key(&mut args)?;
        let value = args.take("value");
        check(&value)?;
        let expires = match (args.take("span"), args.has("unit")) {
            (_, true) => length(&Value::Text(format!("{} {}", args.text("count")?, args.text("unit")?)))?,
            (Value::Null, false) => default_span(turn),
            (span, false) => length(&span)?,
        };
        let expires = expires
            .map(|length| {
                self.0
                    .clock
                    .now()
                    .checked_add_signed(length)
                    .ok_or_else(|| misread("it ends after the calendar"))
            })
            .transpose()?;
        let place = shelf(turn, &scope(turn));
        person::room_for(&self.0, turn, &place, &key).await?;
        self.0.set(turn, Place::Person(place), key, value, expires);
        Ok(Value::Null)
    }
}

struct Recall(Memory);

#[async_trait]
impl Handler for Recall {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let key = key(&mut args)?;
        let place = shelf(turn, &scope(turn));
        Ok(self.0.find(Place::Person(place), key).await?.unwrap_or_default())
    }
}

/// A key that may be written without quotes: `REMEMBER topic = x` means the key `topic`, and so does `RECALL topic`
/// unless a variable of that name holds a text.
fn key(args: &mut Args) -> Result<String, Fault> {
    match args.take("key") {
        Value::Map(bare) => checked_key(&bare_name(&bare)),
        Value::Secret(_) => Err(Fault::new(FaultKind::Argument, "a secret cannot be a key")),
        other => checked_key(&other.to_string()),
    }
}

fn bare_name(bare: &Map) -> String {
    let text = |name: &str| bare.get(name).map(ToString::to_string).unwrap_or_default();
    match bare.get("value") {
        Some(Value::Text(key)) => key.clone(),
        _ => text("name"),
    }
}

/// The seconds of `user-memory-default-ttl`, if the bot sets it.
fn default_span(turn: &dyn Turn) -> Option<TimeDelta> {
    let seconds: i64 = turn.bot().settings.parse("user-memory-default-ttl")?;
    (seconds > 0).then(|| TimeDelta::try_seconds(seconds)).flatten()
}

/// How long a span is: `"30 days"`, a number of days, a duration; none for `"forever"`.
fn length(span: &Value) -> Result<Option<TimeDelta>, Fault> {
    let text = match span {
        Value::Duration(length) => return Ok(Some(*length)),
        Value::Int(days) => return days_of(&days.to_string()).map(Some),
        Value::Decimal(days) => return days_of(&days.to_string()).map(Some),
        Value::Text(text) => text.trim().to_ascii_lowercase(),
        other => return Err(misread(&format!("it is of type {}", other.type_name()))),
    };
    if ["forever", "permanent", "always"].contains(&text.as_str()) {
        return Ok(None);
    }
    let Some((count, unit)) = text.split_once(char::is_whitespace) else {
        return days_of(&text).map(Some);
    };
    let unit = unit.trim().trim_end_matches('s');
    let seconds = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, seconds)| *seconds);
    match seconds {
        Some(seconds) => times(count, seconds).map(Some),
        None => Err(misread(&format!("{unit:?} is no unit of time"))),
    }
}

fn days_of(count: &str) -> Result<TimeDelta, Fault> {
    times(count, 86_400)
}

fn times(count: &str, seconds: i64) -> Result<TimeDelta, Fault> {
    let millis = count
        .parse::<rust_decimal::Decimal>()
        .ok()
        .and_then(|count| count.checked_mul((seconds * 1000).into()))
        .filter(rust_decimal::Decimal::is_sign_positive)
        .and_then(|millis| i64::try_from(millis.trunc()).ok())
        .and_then(TimeDelta::try_milliseconds);
    millis.ok_or_else(|| misread(&format!("{count:?} is no count of units")))
}

fn misread(why: &str) -> Fault {
    Fault::new(
        FaultKind::Argument,
        format!("the span of REMEMBER cannot be read: {why}"),
    )
    .hint("a span looks like \"30 days\", \"2 hours\", 7 (days) or \"forever\"")
}
