//! The dynamic values of the dialog language, as they cross between crates, databases and models.

use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};
use indexmap::IndexMap;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

use crate::Secret;

/// One value of a dialog.
///
/// The serialised form keeps every type apart, because waiting dialogs are stored in it; [`Value::to_json`]
/// gives the plain form that clients and models read.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// Nothing: an unset name, a missing member.
    #[default]
    Null,
    /// `TRUE` or `FALSE`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with decimals, exact to 28 digits.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// A day without a time.
    Date(NaiveDate),
    /// A moment, with the offset of the zone it is shown in.
    DateTime(DateTime<FixedOffset>),
    /// A span of time.
    Duration(TimeDelta),
    /// Values in order, counted from 0.
    List(Vec<Value>),
    /// Named values in the order of their making.
    Map(Map),
    /// A file that somebody sent or a dialog made.
    File(FileRef),
    /// Text that may be handed to services, but never said, logged or sent to a model.
    Secret(Secret),
}

/// Named values in the order of their making. Names keep their case; look-ups fall back to any case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Map(IndexMap<String, Value>);

/// Where the bytes of a file are and what is known about them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// The address under which this server hands out the bytes.
    pub url: String,
    /// The name that the sender gave.
    pub name: String,
    /// The media type, such as `application/pdf`.
    pub mime: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The path among the bot's own files; absent for files that people sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// When it was written last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<DateTime<FixedOffset>>,
    /// The MD5 of the bytes, as 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
}

impl Map {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value called `name`: exactly, or else in any letter case.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| {
            self.0
                .iter()
                .find(|(key, _)| same_name(key, name))
                .map(|(_, value)| value)
        })
    }

    /// Sets `name`; an entry whose name differs in letter case only is the same entry.
    pub fn insert(&mut self, name: impl Into<String>, value: Value) {
        let name = name.into();
        if let Some(slot) = self.get_mut(&name) {
            *slot = value;
        } else {
            self.0.insert(name, value);
        }
    }

    /// The value called `name`, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        if self.0.contains_key(name) {
            return self.0.get_mut(name);
        }
        self.0
            .iter_mut()
            .find(|(key, _)| same_name(key, name))
            .map(|(_, value)| value)
    }

    /// Takes the value called `name` out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let key = self
            .0
            .keys()
            .find(|key| *key == name)
            .or_else(|| self.0.keys().find(|key| same_name(key, name)));
        let key = key.cloned()?;
        self.0.shift_remove(&key)
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

fn same_name(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.eq_ignore_ascii_case(b)
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (name, value) in entries {
            map.insert(name, value);
        }
        map
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = indexmap::map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Whether a condition holds: null, false, 0 and everything empty do not.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Decimal(number) => !number.is_zero(),
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Date(_) | Self::DateTime(_) | Self::File(_) | Self::Secret(_) => true,
            Self::Duration(span) => !span.is_zero(),
        }
    }

    /// Whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text inside, if it is a text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name of the type, as `TYPEOF` and diagnostics give it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Decimal(_) => "number",
            Self::Text(_) => "text",
            Self::Date(_) => "date",
            Self::DateTime(_) => "date-time",
            Self::Duration(_) => "duration",
            Self::List(_) => "list",
            Self::Map(_) => "object",
            Self::File(_) => "file",
            Self::Secret(_) => "secret",
        }
    }

    /// The plain JSON that clients and models read. Secrets become null, dates their ISO text,
    /// durations seconds, files an object.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::{Number, Value as Json};
        match self {
            Self::Null | Self::Secret(_) => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Int(number) => Json::from(*number),
            Self::Decimal(number) => number
                .to_f64()
                .and_then(Number::from_f64)
                .map_or_else(|| Json::from(number.to_string()), Json::Number),
            Self::Text(text) => Json::from(text.as_str()),
            Self::Date(_) => Json::from(self.to_string()),
            Self::DateTime(moment) => Json::from(moment.to_rfc3339()),
            Self::Duration(span) => Json::from(span.num_seconds()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => map
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_json()))
                .collect(),
            Self::File(file) => serde_json::json!({
                "url": file.url, "name": file.name, "mime": file.mime, "size": file.size_bytes,
            }),
        }
    }

    /// The value that plain JSON stands for.
    pub fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => number.as_i64().map_or_else(
                || {
                    let text = number.to_string();
                    text.parse()
                        .or_else(|_| Decimal::from_scientific(&text))
                        .map_or(Self::Text(text), Self::Decimal)
                },
                Self::Int,
            ),
            Json::String(text) => Self::text(text.as_str()),
            Json::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Json::Object(map) => Self::Map(
                map.iter()
                    .map(|(name, value)| (name.clone(), Self::from_json(value)))
                    .collect(),
            ),
        }
    }
}

/// What `TALK` prints: no trailing zeros, no exponent, dates as `YYYY-MM-DD`, lists and maps as JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Decimal(number) => write!(f, "{}", number.normalize()),
            Self::Text(text) => f.write_str(text),
            Self::Date(day) => write!(f, "{}", day.format("%Y-%m-%d")),
            Self::DateTime(moment) => write!(f, "{}", moment.format("%Y-%m-%d %H:%M:%S")),
            Self::Duration(span) => write!(f, "{}", span.num_seconds()),
            Self::List(_) | Self::Map(_) => write!(f, "{}", self.to_json()),
            // A file of the bot is called by its name, one that was sent is found at its address.
            Self::File(file) if file.path.is_some() => f.write_str(&file.name),
            Self::File(file) => f.write_str(&file.url),
            Self::Secret(_) => f.write_str("[secret]"),
        }
    }
}

/// The same type and the same content; the language's own `=` is looser.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::DateTime(a), Self::DateTime(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::File(a), Self::File(b)) => a == b,
            (Self::Secret(a), Self::Secret(b)) => a.expose() == b.expose(),
            _ => false,
        }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// The stored form: what JSON has is itself, the rest is an object with one `$` name.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Null(()),
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Value>),
    Tagged(Tagged),
}

#[derive(Serialize, Deserialize)]
enum Tagged {
    #[serde(rename = "$map")]
    Map(Map),
    #[serde(rename = "$dec")]
    Decimal(Decimal),
    #[serde(rename = "$date")]
    Date(NaiveDate),
    #[serde(rename = "$time")]
    DateTime(DateTime<FixedOffset>),
    #[serde(rename = "$ms")]
    DurationMs(i64),
    #[serde(rename = "$file")]
    File(FileRef),
    #[serde(rename = "$secret")]
    Secret(String),
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => flag.serialize(serializer),
            Self::Int(number) => number.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Map(map) => serializer.serialize_newtype_variant("Value", 0, "$map", map),
            Self::Decimal(number) => Tagged::Decimal(*number).serialize(serializer),
            Self::Date(day) => Tagged::Date(*day).serialize(serializer),
            Self::DateTime(moment) => Tagged::DateTime(*moment).serialize(serializer),
            Self::Duration(span) => Tagged::DurationMs(span.num_milliseconds()).serialize(serializer),
            Self::File(file) => serializer.serialize_newtype_variant("Value", 0, "$file", file),
            Self::Secret(secret) => Tagged::Secret(secret.expose().to_owned()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Stored::deserialize(deserializer)? {
            Stored::Null(()) => Self::Null,
            Stored::Bool(flag) => Self::Bool(flag),
            Stored::Int(number) => Self::Int(number),
            Stored::Text(text) => Self::Text(text),
            Stored::List(items) => Self::List(items),
            Stored::Tagged(tagged) => match tagged {
                Tagged::Map(map) => Self::Map(map),
                Tagged::Decimal(number) => Self::Decimal(number),
                Tagged::Date(day) => Self::Date(day),
                Tagged::DateTime(moment) => Self::DateTime(moment),
                Tagged::DurationMs(ms) => Self::Duration(TimeDelta::try_milliseconds(ms).unwrap_or_default()),
                Tagged::File(file) => Self::File(file),
                Tagged::Secret(text) => Self::Secret(Secret::new(text)),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        let map: Map = [
            ("zebra".to_owned(), Value::Int(1)),
            ("apple".to_owned(), Value::Decimal(Decimal::new(1250, 3))),
            ("none".to_owned(), Value::Null),
            (
                "when".to_owned(),
                Value::Date(NaiveDate::from_ymd_opt(2026, 2, 28).unwrap()),
            ),
            ("span".to_owned(), Value::Duration(TimeDelta::hours(24))),
            ("key".to_owned(), Value::Secret(Secret::new("s3cret"))),
            (
                "list".to_owned(),
                Value::List(vec![Value::Bool(true), Value::text("é")]),
            ),
        ]
        .into_iter()
        .collect();
        Value::Map(map)
    }

    #[test]
    fn the_stored_form_keeps_every_type() {
        let stored = serde_json::to_string(&sample()).unwrap();

        let read: Value = serde_json::from_str(&stored).unwrap();

        assert_eq!(read, sample());
    }

    #[test]
    fn plain_json_keeps_order_and_hides_secrets() {
        assert_eq!(
            sample().to_json().to_string(),
            r#"{"zebra":1,"apple":1.25,"none":null,"when":"2026-02-28","span":86400,"key":null,"list":[true,"é"]}"#
        );
    }

    #[test]
    fn names_are_found_in_any_case_and_kept_as_written() {
        let mut map = Map::new();
        map.insert("Sku", Value::Int(1));

        map.insert("sku", Value::Int(2));

        assert_eq!(map.iter().collect::<Vec<_>>(), [("Sku", &Value::Int(2))]);
    }

    #[test]
    fn numbers_print_without_trailing_zeros() {
        assert_eq!(Value::Decimal(Decimal::new(1500, 3)).to_string(), "1.5");
    }
}
