//! Values as columns keep them, as texts, and back.

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind};
use chrono::{DateTime, Datelike as _, NaiveDate, SubsecRound as _, Utc};
use rust_decimal::Decimal;

use super::{
    model::{Column, Kind, Table},
    sql::Bind,
};
use crate::basic::{
    dates,
    number::{self, Number},
    run,
    value::{Val, from_value, to_value},
};

/// A moment as both databases keep it: UTC, to the microsecond, of one width, so that texts order as moments do.
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";

/// Bytes that one value may have.
const LARGEST: usize = 1 << 20;

/// The text under which `value` is kept in `column`.
pub(super) fn encode(table: &Table, column: &Column, value: &Value) -> Result<Bind, Fault> {
    if holds_secret(value) {
        let message = format!("a secret cannot be saved in {}.{}", table.name, column.name);
        return Err(Fault::new(FaultKind::Argument, message));
    }
    let text = text(column, value).map_err(|why| {
        let message = format!("{}.{} does not take this value: {why}", table.name, column.name);
        Fault::new(FaultKind::Argument, message)
    })?;
    if let Some(text) = &text {
        if text.len() > LARGEST {
            let message = format!(
                "a value of {}.{} has more than {LARGEST} bytes",
                table.name, column.name
            );
            return Err(Fault::new(FaultKind::Limit, message));
        }
        if text.contains('\0') {
            let message = format!("a text for {}.{} contains the character 0", table.name, column.name);
            return Err(Fault::new(FaultKind::Argument, message));
        }
    }
    Ok(text)
}

fn text(column: &Column, value: &Value) -> Result<Bind, String> {
    let is_nothing = value.is_null() || matches!(value, Value::Text(text) if text.is_empty());
    if value.is_null() || is_nothing && !matches!(column.kind, Kind::Text | Kind::Any | Kind::Json) {
        return Ok(None);
    }
    let val = || from_value(value.clone()).map_err(|fault| fault.message);
    Ok(Some(match column.kind {
        Kind::Text => {
            let text = value.to_string();
            let longest = column.length.and_then(|length| usize::try_from(length).ok());
            let length = text.chars().count();
            match longest {
                Some(longest) if length > longest => {
                    return Err(format!("the text has {length} letters, and {longest} fit"));
                }
                _ => text,
            }
        }
        Kind::Uuid => value.to_string().trim().to_owned(),
        Kind::Int => {
            let number = number::operand(&val()?).map_err(|fault| fault.message)?;
            number.round().ok_or("the number is too large")?.to_string()
        }
        Kind::Decimal => {
            let number = number::operand(&val()?).map_err(|fault| fault.message)?.decimal();
            let number = column
                .scale
                .map_or(number, |scale| number::round(number, scale.min(28)));
            number.normalize().to_string()
        }
        Kind::Bool => {
            let flag = match value {
                Value::Text(text) => match text.trim().to_lowercase().as_str() {
                    "true" | "yes" | "on" | "1" | "t" | "y" => true,
                    "false" | "no" | "off" | "0" | "f" | "n" => false,
                    _ => return Err("a boolean is needed".to_owned()),
                },
                value => value.is_true(),
            };
            if flag { "1" } else { "0" }.to_owned()
        }
        Kind::Date => match dates::date_like(&val()?).map_err(|fault| fault.message)? {
            Val::DateTime(moment) => day(moment.date_naive())?,
            Val::Date(date) => day(date)?,
            _ => return Err("a date is needed".to_owned()),
        },
        Kind::DateTime => {
            let moment = dates::moment(&val()?).map_err(|fault| fault.message)?;
            moment_text(&moment.with_timezone(&Utc))?
        }
        Kind::Json => match value {
            // Text that is JSON already is kept as what it says.
            Value::Text(text) => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(json) => json.to_string(),
                Err(_) => value.to_json().to_string(),
            },
            value => value.to_json().to_string(),
        },
        Kind::Any => serde_json::to_string(value).map_err(|error| error.to_string())?,
    }))
}

fn day(date: NaiveDate) -> Result<String, String> {
    if (1..=9999).contains(&date.year()) {
        Ok(date.format("%Y-%m-%d").to_string())
    } else {
        Err("the year has more than four digits".to_owned())
    }
}

/// The text of a moment.
pub(super) fn moment_text(moment: &DateTime<Utc>) -> Result<String, String> {
    day(moment.date_naive())?;
    Ok(moment.trunc_subsecs(6).format(MOMENT).to_string())
}

/// The value of a column's text. What cannot be read, because something else wrote it, stays text.
pub(super) fn decode(column: &Column, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    let read = match column.kind {
        Kind::Text | Kind::Uuid => None,
        Kind::Int => text.parse().ok().map(Value::Int),
        Kind::Decimal => text
            .parse::<Decimal>()
            .or_else(|_| Decimal::from_scientific(text))
            .ok()
            .map(|number| to_value(&Number::Decimal(number).val())),
        Kind::Bool => Some(Value::Bool(matches!(text, "1" | "true" | "t"))),
        Kind::Date => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Value::Date),
        Kind::DateTime => DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|moment| Value::DateTime(run::with(|run| moment.with_timezone(&run.zone).fixed_offset()))),
        Kind::Json => serde_json::from_str(text).ok().map(|json| Value::from_json(&json)),
        Kind::Any => serde_json::from_str(text).ok(),
    };
    read.unwrap_or_else(|| Value::text(text))
}

/// The row in the JSON text that the database made of its columns.
pub(super) fn row(table: &Table, data: Option<&str>) -> Map {
    let cells: Vec<Option<String>> = data
        .and_then(|data| serde_json::from_str(data).ok())
        .unwrap_or_default();
    let mut cells = cells.into_iter();
    table
        .columns
        .iter()
        .map(|column| (column.name.clone(), decode(column, cells.next().flatten().as_deref())))
        .collect()
}

/// The value that stands for nothing in a column that must have one.
pub(super) fn neutral(kind: Kind) -> Value {
    match kind {
        Kind::Text | Kind::Uuid | Kind::Any => Value::text(""),
        Kind::Int | Kind::Decimal => Value::Int(0),
        Kind::Bool => Value::Bool(false),
        Kind::Date => Value::Date(run::with(|run| run.now.with_timezone(&run.zone).date_naive())),
        Kind::DateTime => Value::DateTime(dates::now()),
        Kind::Json => Value::List(Vec::new()),
    }
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(items) => items.iter().any(holds_secret),
        Value::Map(map) => map.iter().any(|(_, value)| holds_secret(value)),
        _ => false,
    }
}
