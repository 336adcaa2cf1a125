//! Where rows are: a table of the bot, a data file, or a variable.

use botlib::{Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind, Settings},
    keyword::{self, Turn},
};

use crate::tables::Rows;

/// Where rows are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// A table of the bot; for reading, the data file of that name when there is no such table.
    Table(String),
    /// A data file, by its path.
    File(String),
    /// Rows that the script holds.
    Rows(Rows),
}

/// Endings of data files.
const FILES: [&str; 5] = ["csv", "tsv", "xlsx", "xls", "json"];

impl Source {
    /// What a `@source` argument means to a keyword that reads: a variable with rows comes before a table of its name.
    ///
    /// # Errors
    /// For tables behind a connection, and for values that hold no rows.
    pub(crate) fn of(turn: &dyn Turn, argument: Value) -> Result<Self, Fault> {
        match split(argument) {
            (_, Some(Value::List(items))) => Ok(Self::Rows(rows(items))),
            (_, Some(Value::Map(map))) => Ok(Self::Rows(vec![map])),
            (name, value) => Self::named(turn, name, value),
        }
    }

    /// What a `@source` argument means to a keyword that writes: a name, also where a variable has the same.
    ///
    /// # Errors
    /// For tables behind a connection, and for anything that has no name.
    pub(crate) fn target(turn: &dyn Turn, argument: Value) -> Result<Self, Fault> {
        match split(argument) {
            (Some(name), Some(Value::List(_) | Value::Map(_))) => Self::named(turn, Some(name), None),
            (name, value) => Self::named(turn, name, value),
        }
    }

    fn named(turn: &dyn Turn, name: Option<String>, value: Option<Value>) -> Result<Self, Fault> {
        let name = match (name, value) {
            (_, Some(Value::Text(text))) if !text.trim().is_empty() => text.trim().to_owned(),
            (_, Some(Value::File(file))) => return Ok(Self::File(file.path.unwrap_or(file.name))),
            (Some(name), None | Some(Value::Null)) => name,
            (Some(name), Some(value)) => {
                let message = format!("{name} holds no rows but {}", value.type_name());
                return Err(Fault::new(FaultKind::Argument, message).hint("write the name of a table in quotes"));
            }
            (None, value) => {
                let kind = value.unwrap_or_default().type_name();
                let message = format!("a table, a data file or rows are needed here, not {kind}");
                return Err(Fault::new(FaultKind::Argument, message));
            }
        };
        if is_file(&name) {
            return Ok(Self::File(name));
        }
        let plain = name.strip_prefix('.').unwrap_or(&name);
        if let Some((connection, _)) = plain.split_once('.') {
            return Err(no_connection(&turn.bot().settings, connection));
        }
        Ok(Self::Table(plain.to_owned()))
    }
}

/// Whether a name is that of a data file.
pub(crate) fn is_file(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    name.contains('/') || ending.is_some_and(|ending| FILES.contains(&ending.as_str()))
}

/// Says that tables of other servers cannot be reached.
pub(crate) fn no_connection(settings: &Settings, connection: &str) -> Fault {
    let is_set = ["server", "driver", "name"]
        .iter()
        .any(|part| settings.get(&format!("conn-{connection}-{part}")).is_some());
    let message = if is_set {
        format!("the connection {connection} cannot be used: this server was built without drivers for other databases")
    } else {
        format!("there is no connection {connection}")
    };
    Fault::new(FaultKind::NotFound, message).hint("the bot's own tables are named without a connection")
}

/// Name and value of a `@source`; no value when a bare name is no variable.
fn split(argument: Value) -> (Option<String>, Option<Value>) {
    let keyword::Source { name, value } = argument.into();
    (name, Some(value).filter(|value| !value.is_null()))
}

/// The rows in a list; elements that are no rows become ones with a `value`.
pub(crate) fn rows(items: Vec<Value>) -> Rows {
    items
        .into_iter()
        .filter(|item| !item.is_null())
        .map(|item| match item {
            Value::Map(map) => map,
            other => Map::from_iter([("value".to_owned(), other)]),
        })
        .collect()
}
