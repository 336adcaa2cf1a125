//! Between values of scripts, of the other crates and of Rhai.

use std::sync::Arc;

use botlib::{Secret, Value, value::FileRef, value::Map};
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};
use rhai::{Dynamic, ImmutableString};

use super::{List, Object, Outcome, Val};

/// The script's value of a plain one.
///
/// # Errors
/// A fault of class limit when it is too large for a script.
pub(crate) fn from_value(value: Value) -> Outcome<Val> {
    Ok(match value {
        Value::Null => Val::Null,
        Value::Bool(flag) => Val::Bool(flag),
        Value::Int(number) => Val::Int(number),
        Value::Decimal(number) => Val::Decimal(number),
        Value::Text(text) => Val::Text(text.into()),
        Value::Date(day) => Val::Date(day),
        Value::DateTime(moment) => Val::DateTime(moment),
        Value::Duration(span) => Val::Duration(span),
        Value::List(items) => Val::List(List::new(items.into_iter().map(from_value).collect::<Outcome<_>>()?)?),
        Value::Map(map) => {
            let mut object = Object::default();
            for (name, value) in map {
                object.set(name.into(), from_value(value)?)?;
            }
            Val::Object(object)
        }
        Value::File(file) => Val::File(Arc::new(file)),
        Value::Secret(secret) => Val::Secret(secret),
    })
}

/// The plain value of a script's.
pub(crate) fn to_value(value: &Val) -> Value {
    match value {
        Val::Null => Value::Null,
        Val::Bool(flag) => Value::Bool(*flag),
        Val::Int(number) => Value::Int(*number),
        Val::Decimal(number) => Value::Decimal(*number),
        Val::Text(text) => Value::text(text.as_str()),
        Val::Date(day) => Value::Date(*day),
        Val::DateTime(moment) => Value::DateTime(*moment),
        Val::Duration(span) => Value::Duration(*span),
        Val::List(list) => Value::List(list.iter().map(to_value).collect()),
        Val::Object(object) => {
            let entries = object.iter().map(|(name, value)| (name.to_string(), to_value(value)));
            Value::Map(entries.collect::<Map>())
        }
        Val::File(file) => Value::File(file.as_ref().clone()),
        Val::Secret(secret) => Value::Secret(secret.clone()),
    }
}

/// The script's value inside a Rhai value.
pub(crate) fn val(value: &Dynamic) -> Val {
    if value.is_unit() {
        Val::Null
    } else if let Ok(text) = value.as_immutable_string_ref() {
        Val::Text(text.clone())
    } else if let Ok(number) = value.as_int() {
        Val::Int(number)
    } else if let Ok(flag) = value.as_bool() {
        Val::Bool(flag)
    } else if let Ok(number) = value.as_decimal() {
        Val::Decimal(number)
    } else if let Some(list) = value.read_lock::<List>() {
        Val::List(list.clone())
    } else if let Some(object) = value.read_lock::<Object>() {
        Val::Object(object.clone())
    } else if let Some(moment) = value.read_lock::<DateTime<FixedOffset>>() {
        Val::DateTime(*moment)
    } else if let Some(day) = value.read_lock::<NaiveDate>() {
        Val::Date(*day)
    } else if let Some(span) = value.read_lock::<TimeDelta>() {
        Val::Duration(*span)
    } else if let Some(file) = value.read_lock::<Arc<FileRef>>() {
        Val::File(Arc::clone(&file))
    } else if let Some(secret) = value.read_lock::<Secret>() {
        Val::Secret(secret.clone())
    } else {
        Val::Null
    }
}

/// The Rhai value of a script's value.
pub(crate) fn dynamic(value: Val) -> Dynamic {
    match value {
        Val::Null => Dynamic::UNIT,
        Val::Bool(flag) => flag.into(),
        Val::Int(number) => number.into(),
        Val::Decimal(number) => number.into(),
        Val::Text(text) => text.into(),
        Val::Date(day) => Dynamic::from(day),
        Val::DateTime(moment) => Dynamic::from(moment),
        Val::Duration(span) => Dynamic::from(span),
        Val::List(list) => Dynamic::from(list),
        Val::Object(object) => Dynamic::from(object),
        Val::File(file) => Dynamic::from(file),
        Val::Secret(secret) => Dynamic::from(secret),
    }
}

impl From<ImmutableString> for Val {
    fn from(text: ImmutableString) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Val {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Val {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<usize> for Val {
    fn from(number: usize) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
