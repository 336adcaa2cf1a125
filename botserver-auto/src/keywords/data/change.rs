//! Changes of tables as data, so that a transaction can hold them until it is committed.

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind};
use serde::{Deserialize, Serialize};

use crate::{
    filter::{Filter, Formula, sole_value},
    tables::{Error, Rows, Setting, Work},
};

/// A change of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) table: String,
    /// The idempotency key of the call.
    pub(super) key: String,
    pub(super) act: Act,
}

/// What is done to the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Act {
    /// New rows; gives them as they are kept.
    Insert(Fields),
    /// New rows, or other content of those with the same id; gives their ids.
    Save(Fields, Option<Value>),
    /// Other content of the rows that pass; gives their number.
    Update(Value, Fields),
    /// Other content of the rows that pass, some of it computed from what they hold: columns with the parts of their
    /// formulas. Gives their number.
    Compute { filter: Value, row: Map, formulas: Map },
    /// Rows that pass go; gives their number.
    Delete(Value),
    /// Rows by keys; gives how many were inserted and updated.
    Merge {
        rows: Rows,
        keys: Vec<String>,
        columns: Vec<String>,
    },
    /// Other content of the rows that pass, or a new row when none does.
    MergeOne { filter: Value, row: Map },
}

/// What columns get.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Fields {
    /// Whole rows.
    Rows(Rows),
    /// Values by the names of their variables, or by their places.
    Values(Vec<(Option<String>, Value)>),
}

impl Change {
    /// Makes the change. Ids that are made become part of it, so that they stay the same when it is made again.
    pub(super) fn make(&mut self, work: &mut Work<'_>) -> Result<Value, Error> {
        work.begin_call(&self.key);
        let table = self.table.clone();
        match &mut self.act {
            Act::Insert(fields) => {
                let mut made = Vec::new();
                for row in fields.rows(work, &table)? {
                    let full = work.insert(&table, row)?;
                    remember(work, &table, row, &full)?;
                    made.push(Value::Map(work.show(&table, full)?));
                }
                Ok(one_or_all(made))
            }
            Act::Save(fields, id) => {
                let mut ids = Vec::new();
                for row in fields.rows(work, &table)? {
                    // The table may come to be with its first row.
                    let (identity, _) = work.keys(&table)?;
                    if let (Some(id), Some(column)) = (id.as_ref(), identity.first()) {
                        row.insert(column.clone(), id.clone());
                    }
                    let keys = if identity.iter().all(|name| row.get(name).is_some()) {
                        identity.clone()
                    } else {
                        vec!["id".to_owned()]
                    };
                    let (full, is_new, _) = work.upsert(&table, &keys, row)?;
                    if is_new {
                        remember(work, &table, row, &full)?;
                    }
                    let id = identity
                        .first()
                        .and_then(|name| full.get(name))
                        .or_else(|| full.get("id"));
                    ids.push(id.cloned().unwrap_or_default());
                }
                Ok(one_or_all(ids))
            }
            Act::Update(filter, fields) => {
                let filter = by_key(work, &table, filter)?;
                let Some(set) = fields.rows(work, &table)?.first().cloned() else {
                    return Ok(Value::Int(0));
                };
                Ok(count(work.update(&table, &filter, &Setting::plain(&set))?))
            }
            Act::Compute { filter, row, formulas } => {
                let filter = by_key(work, &table, filter)?;
                let formulas = read_formulas(formulas)?;
                Ok(count(work.update(
                    &table,
                    &filter,
                    &Setting {
                        row,
                        formulas: &formulas,
                    },
                )?))
            }
            Act::Delete(filter) => {
                let filter = by_key(work, &table, filter)?;
                Ok(count(work.delete(&table, &filter)?))
            }
            Act::Merge { rows, keys, columns } => merge(work, &table, rows, keys, columns),
            Act::MergeOne { filter, row } => {
                let filter = Filter::parse(filter)?;
                let updated = work.update(&table, &filter, &Setting::plain(row))?;
                if updated > 0 {
                    return Ok(counts(0, i64::try_from(updated).unwrap_or(i64::MAX), 0));
                }
                for (name, value) in filter.given() {
                    if row.get(&name).is_none() {
                        row.insert(name, value);
                    }
                }
                let full = work.insert(&table, row)?;
                remember(work, &table, row, &full)?;
                Ok(counts(1, 0, 0))
            }
        }
    }
}

/// Formulas by the columns that get their values.
pub(super) fn read_formulas(parts: &Map) -> Result<Vec<(String, Formula)>, Fault> {
    let formula = |(name, parts): (&str, &Value)| {
        let parts = match parts {
            Value::List(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        Ok((name.to_owned(), Formula::of_parts(parts)?))
    };
    parts.iter().map(formula).collect()
}

impl Fields {
    /// The rows, values by their places in the columns of the table.
    fn rows(&mut self, work: &mut Work<'_>, table: &str) -> Result<&mut Rows, Error> {
        if let Self::Values(values) = self {
            let columns = if values.iter().any(|(name, _)| name.is_none()) {
                work.columns(table)?
            } else {
                Vec::new()
            };
            let mut row = Map::new();
            for (place, (name, value)) in values.iter().enumerate() {
                let Some(name) = name.as_ref().or_else(|| columns.get(place)) else {
                    return Err(Fault::new(
                        FaultKind::Argument,
                        format!(
                            "value {} for {table} has no name, and the table has no column for it",
                            place + 1
                        ),
                    )
                    .hint(format!("name the columns: SAVE \"{table}\" WITH name AS value"))
                    .into());
                };
                row.insert(name.clone(), value.clone());
            }
            *self = Self::Rows(vec![row]);
        }
        match self {
            Self::Rows(rows) => Ok(rows),
            Self::Values(_) => Err(Fault::new(FaultKind::Internal, "values were not named").into()),
        }
    }
}

/// Ids that the server made belong to the row from now on.
fn remember(work: &mut Work<'_>, table: &str, row: &mut Map, full: &Map) -> Result<(), Error> {
    for column in work.counted(table)? {
        if row.get(&column).is_none_or(Value::is_null)
            && let Some(value) = full.get(&column)
        {
            row.insert(column, value.clone());
        }
    }
    Ok(())
}

/// The filter in the parts; one value alone is the key of a row.
pub(super) fn by_key(work: &mut Work<'_>, table: &str, parts: &Value) -> Result<Filter, Error> {
    let alone = match parts {
        Value::List(_) => sole_value(parts),
        Value::Text(_) | Value::Null => None,
        other => Some(other),
    };
    match alone {
        Some(value @ (Value::Int(_) | Value::Text(_) | Value::Decimal(_))) => {
            let (identity, _) = work.keys(table)?;
            Ok(Filter::equals(identity.first().map_or("id", String::as_str), value))
        }
        _ => Ok(Filter::parse(parts)?),
    }
}

fn merge(
    work: &mut Work<'_>,
    table: &str,
    rows: &mut Rows,
    keys: &[String],
    columns: &[String],
) -> Result<Value, Error> {
    let (mut inserted, mut updated, mut unchanged) = (0, 0, 0);
    for row in rows.iter_mut() {
        let (identity, match_key) = work.keys(table)?;
        let keys = [keys, &match_key, &identity]
            .into_iter()
            .find(|keys| !keys.is_empty())
            .map_or_else(Vec::new, <[String]>::to_vec);
        if !columns.is_empty() {
            let is_wanted = |name: &str| {
                columns
                    .iter()
                    .chain(&keys)
                    .any(|wanted| wanted.eq_ignore_ascii_case(name))
            };
            *row = std::mem::take(row)
                .into_iter()
                .filter(|(name, _)| is_wanted(name))
                .collect();
        }
        if let Some(missing) = keys.iter().find(|name| row.get(name).is_none_or(Value::is_null)) {
            let message = format!("a row for {table} has no {missing}, by which MERGE would find it");
            return Err(Fault::new(FaultKind::Argument, message).into());
        }
        let (full, is_new, is_other) = work.upsert(table, &keys, row)?;
        if is_new {
            remember(work, table, row, &full)?;
            inserted += 1;
        } else if is_other {
            updated += 1;
        } else {
            unchanged += 1;
        }
    }
    Ok(counts(inserted, updated, unchanged))
}

fn counts(inserted: i64, updated: i64, unchanged: i64) -> Value {
    let counts = [
        ("inserted", inserted),
        ("updated", updated),
        ("unchanged", unchanged),
        ("total", inserted + updated + unchanged),
    ];
    let counts = counts
        .into_iter()
        .map(|(name, count)| (name.to_owned(), Value::Int(count)));
    Value::Map(counts.collect())
}

fn count(rows: u64) -> Value {
    Value::Int(i64::try_from(rows).unwrap_or(i64::MAX))
}

fn one_or_all(mut values: Vec<Value>) -> Value {
    match (values.pop(), values.is_empty()) {
        (Some(one), true) => one,
        (last, _) => {
            values.extend(last);
            Value::List(values)
        }
    }
}
