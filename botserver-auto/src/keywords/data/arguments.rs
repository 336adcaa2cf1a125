//! What the arguments of data keywords mean.

use botlib::{Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{self, Args, Turn},
};

use super::{
    change::Fields,
    source::{self, Source, no_connection},
};

/// Refuses a connection, which this server has no driver for.
pub(super) fn refuse_connection(turn: &dyn Turn, args: &mut Args) -> Result<(), Fault> {
    if !args.has("connection") {
        return Ok(());
    }
    let name = args.text("connection")?;
    Err(no_connection(&turn.bot().settings, name.trim()))
}

/// The table that is written to, or the data file.
pub(super) fn target(turn: &dyn Turn, args: &mut Args) -> Result<Source, Fault> {
    refuse_connection(turn, args)?;
    Source::target(turn, args.take("table"))
}

/// A value with what it is called.
pub(super) struct Named {
    pub(super) name: Option<String>,
    pub(super) value: Value,
}

/// The values of a `#values...`.
pub(super) fn named(value: Value) -> Vec<Named> {
    let items = match value {
        Value::List(items) => items,
        Value::Null => Vec::new(),
        other => vec![other],
    };
    items
        .into_iter()
        .map(|item| match item {
            // What has no name comes with a null for it.
            Value::Map(mut map) if map.len() == 2 && map.get("name").is_some_and(Value::is_null) => Named {
                name: None,
                value: map.remove("value").unwrap_or_default(),
            },
            item => {
                let keyword::Source { name, value } = item.into();
                Named { name, value }
            }
        })
        .collect()
}

/// What a row gets: an object, rows, `"field=value"`, a field and its value, or values by their names.
pub(super) fn fields(values: Vec<Named>) -> Result<Fields, Fault> {
    match values.as_slice() {
        [] => {
            return Err(Fault::new(
                FaultKind::Argument,
                "there is nothing to save: an object is missing",
            ));
        }
        [
            Named {
                value: Value::Map(row), ..
            },
        ] => return Ok(Fields::Rows(vec![row.clone()])),
        [
            Named {
                value: Value::List(items),
                ..
            },
        ] => return Ok(Fields::Rows(source::rows(items.clone()))),
        [
            Named {
                value: Value::Null,
                name: None,
            },
        ] => {
            return Err(Fault::new(
                FaultKind::Argument,
                "there is nothing to save: the value is null",
            ));
        }
        _ => {}
    }
    Ok(Fields::Values(
        values.into_iter().map(|named| (named.name, named.value)).collect(),
    ))
}

/// What UPDATE sets.
pub(super) fn assignments(values: Vec<Named>) -> Result<Fields, Fault> {
    match values.as_slice() {
        [
            Named {
                value: Value::Text(text),
                name: None,
            },
        ] => {
            // The name was written in the script; what stands behind the sign is a value whatever it contains.
            let Some((name, value)) = text.split_once('=') else {
                return Err(Fault::new(
                    FaultKind::Argument,
                    "UPDATE needs `field=value`, an object or named values",
                ));
            };
            let row = Map::from_iter([(name.trim().to_owned(), literal(value))]);
            Ok(Fields::Rows(vec![row]))
        }
        [
            Named {
                value: Value::Text(field),
                name: None,
            },
            Named { value, .. },
        ] => Ok(Fields::Rows(vec![Map::from_iter([(
            field.trim().to_owned(),
            value.clone(),
        )])])),
        _ => fields(values),
    }
}

/// The value of a text behind `=`: without its quotes.
fn literal(text: &str) -> Value {
    let text = text.trim();
    let inner = ['\'', '"']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    Value::text(inner.unwrap_or(text))
}

/// Names in a text such as `Id; Year` or in a list.
pub(super) fn names(value: Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::List(items) => items.into_iter().flat_map(names).collect(),
        other => other
            .to_string()
            .split([',', ';'])
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect(),
    }
}

/// The columns in the words behind ORDER BY.
pub(super) fn order(text: &str) -> Vec<(String, bool)> {
    text.split(',')
        .filter_map(|part| {
            let mut words = part.split_whitespace();
            let name = words.next()?.trim_matches(['"', '\'', '`']).to_owned();
            let falling = words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"));
            Some((name, falling))
        })
        .collect()
}

/// The number behind LIMIT.
pub(super) fn limit(args: &mut Args) -> Result<Option<usize>, Fault> {
    if !args.has("limit") {
        return Ok(None);
    }
    let number = args.number("limit")?;
    if number.fract() != 0.0 || !(0.0..=1e9).contains(&number) {
        return Err(Fault::new(FaultKind::Argument, "LIMIT needs a whole number of rows"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was checked just now"
    )]
    Ok(Some(number as usize))
}
