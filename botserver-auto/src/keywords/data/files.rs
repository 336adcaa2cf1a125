//! Data files as tables: the same keywords over `file.csv`, `.tsv`, `.xlsx` and `.json`.

use botlib::{Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::Turn,
};
use chrono::{DateTime, FixedOffset};

use super::{
    Data,
    change::{Act, Fields, read_formulas},
    find::clock,
};
use crate::{
    basic::{operators, tabular::Table, value::from_value},
    files::FilePath,
    filter::{Filter, sole_value},
    tables::{Rows, Setting, Wanted},
};

/// Endings of the files that a bare name can mean.
const ENDINGS: [&str; 4] = ["csv", "xlsx", "json", "tsv"];

impl Data {
    /// The rows of a data file; none when there is no such file.
    pub(super) async fn file_rows(&self, turn: &mut dyn Turn, path: &str, wanted: &Wanted) -> Result<Rows, Fault> {
        let path = FilePath::parse(path)?;
        let Some(table) = self.files.of(turn).table(&path).await? else {
            tracing::info!(bot.name = %turn.bot().name, "there is no file {path}, so nothing was found");
            return Ok(Vec::new());
        };
        let (run, now) = clock(turn);
        let mut rows: Rows = table
            .rows
            .into_iter()
            .filter(|row| wanted.filter.matches(row, &now))
            .collect();
        wanted.arrange(&mut rows);
        drop(run);
        Ok(rows)
    }

    /// The data file that a bare name means when there is no table of that name.
    pub(super) async fn file_called(&self, turn: &mut dyn Turn, name: &str) -> Result<Option<String>, Fault> {
        let files = self.files.of(turn);
        for ending in ENDINGS {
            if let Ok(path) = FilePath::parse(&format!("{name}.{ending}"))
                && files.find(&path).await?.is_some()
            {
                return Ok(Some(path.to_string()));
            }
        }
        Ok(None)
    }

    /// Changes the rows of a data file once; a file that is not there is made by what adds rows.
    pub(super) async fn change_file(&self, turn: &mut dyn Turn, path: &str, act: Act) -> Result<Value, Fault> {
        let path = FilePath::parse(path)?;
        let files = self.files.of(turn);
        let adds = !matches!(act, Act::Update(..) | Act::Compute { .. } | Act::Delete(_));
        if !adds && files.find(&path).await?.is_none() {
            tracing::info!(bot.name = %turn.bot().name, "there is no file {path}, so nothing was changed");
            return Ok(Value::Int(0));
        }
        turn.flush().await?;
        let now = clock(turn).1;
        let key = turn.idempotency_key().to_owned();
        files
            .change_table(&key, &path, move |table| apply(act, table, &now))
            .await
    }
}

/// Makes the change in the rows.
fn apply(act: Act, table: &mut Table, now: &DateTime<FixedOffset>) -> Result<Value, Fault> {
    match act {
        Act::Insert(fields) => {
            let mut made = Vec::new();
            for mut row in rows_of(fields, table)? {
                number(&mut row, table);
                table.push(row.clone());
                made.push(Value::Map(row));
            }
            Ok(one_or_all(made))
        }
        Act::Save(fields, id) => {
            let mut ids = Vec::new();
            for mut row in rows_of(fields, table)? {
                let key = identity(table);
                if let Some(id) = &id {
                    row.insert(key.as_str(), id.clone());
                }
                let known = row.get(&key).filter(|id| !id.is_null()).cloned();
                let place = known.and_then(|id| place_of(table, &[(key.as_str(), &id)]));
                if let Some(place) = place {
                    overwrite(table, place, &row);
                } else {
                    number(&mut row, table);
                    table.push(row.clone());
                }
                let count = || Value::Int(i64::try_from(table.rows.len()).unwrap_or(i64::MAX));
                ids.push(row.get(&key).filter(|id| !id.is_null()).cloned().unwrap_or_else(count));
            }
            Ok(one_or_all(ids))
        }
        Act::Update(filter, fields) => {
            let filter = by_key(&filter, table)?;
            let Some(set) = rows_of(fields, table)?.into_iter().next() else {
                return Ok(Value::Int(0));
            };
            Ok(Value::Int(update(table, &filter, &Setting::plain(&set), now)))
        }
        Act::Compute { filter, row, formulas } => {
            let filter = by_key(&filter, table)?;
            let formulas = read_formulas(&formulas)?;
            let set = Setting {
                row: &row,
                formulas: &formulas,
            };
            Ok(Value::Int(update(table, &filter, &set, now)))
        }
        Act::Delete(filter) => {
            let filter = by_key(&filter, table)?;
            let before = table.rows.len();
            table.rows.retain(|row| !filter.matches(row, now));
            Ok(Value::Int(i64::try_from(before - table.rows.len()).unwrap_or(i64::MAX)))
        }
        Act::Merge { rows, keys, columns } => merge(table, rows, keys, &columns),
        Act::MergeOne { filter, mut row } => {
            let filter = Filter::parse(&filter)?;
            let updated = update(table, &filter, &Setting::plain(&row), now);
            if updated > 0 {
                return Ok(counts(0, updated, 0));
            }
            for (name, value) in filter.given() {
                if row.get(&name).is_none() {
                    row.insert(name, value);
                }
            }
            number(&mut row, table);
            table.push(row);
            Ok(counts(1, 0, 0))
        }
    }
}

/// The column by which rows are told apart: `id`, or else the first.
fn identity(table: &Table) -> String {
    let id = table.columns.iter().find(|name| name.eq_ignore_ascii_case("id"));
    id.or_else(|| table.columns.first())
        .map_or_else(|| "id".to_owned(), String::clone)
}

/// A filter; one value alone is the key of a row.
fn by_key(parts: &Value, table: &Table) -> Result<Filter, Fault> {
    match sole_value(parts) {
        Some(value @ (Value::Int(_) | Value::Text(_) | Value::Decimal(_))) => {
            Ok(Filter::equals(&identity(table), value))
        }
        _ => Filter::parse(parts),
    }
}

/// The rows that are given, values by their places in the columns of the file.
fn rows_of(fields: Fields, table: &Table) -> Result<Rows, Fault> {
    match fields {
        Fields::Rows(rows) => Ok(rows),
        Fields::Values(values) => {
            let mut row = Map::new();
            for (place, (name, value)) in values.into_iter().enumerate() {
                let Some(name) = name.or_else(|| table.columns.get(place).cloned()) else {
                    return Err(Fault::new(
                        FaultKind::Argument,
                        format!("value {} has no name, and the file has no column for it", place + 1),
                    )
                    .hint("name the columns: SAVE \"file.csv\" WITH name AS value"));
                };
                row.insert(name, value);
            }
            Ok(vec![row])
        }
    }
}

/// Gives a row the next number, when the file counts its rows in a column `id`.
fn number(row: &mut Map, table: &Table) {
    let counts = table.columns.iter().any(|name| name.eq_ignore_ascii_case("id"));
    if !counts || row.get("id").is_some_and(|id| !id.is_null()) {
        return;
    }
    let ids = table.rows.iter().filter_map(|row| match row.get("id") {
        Some(Value::Int(id)) => Some(*id),
        _ => None,
    });
    // Where ids are no numbers, nobody but the script can make one.
    let next = ids
        .max()
        .map_or_else(|| table.rows.is_empty().then_some(1), |id| id.checked_add(1));
    if let Some(next) = next {
        row.insert("id", Value::Int(next));
    }
}

/// The place of the row whose columns have these values.
fn place_of(table: &Table, keys: &[(&str, &Value)]) -> Option<usize> {
    table.rows.iter().position(|row| {
        keys.iter().all(|(name, wanted)| {
            let (found, wanted) = (row.get(name).cloned().unwrap_or_default(), (*wanted).clone());
            matches!((from_value(found), from_value(wanted)), (Ok(a), Ok(b)) if operators::equal(&a, &b))
        })
    })
}

/// Sets the columns that `row` has; true when anything became different.
fn overwrite(table: &mut Table, place: usize, row: &Map) -> bool {
    for (name, _) in row.iter() {
        if !table.columns.iter().any(|column| column.eq_ignore_ascii_case(name)) {
            table.columns.push(name.to_owned());
        }
    }
    let Some(kept) = table.rows.get_mut(place) else {
        return false;
    };
    let mut is_other = false;
    for (name, value) in row.iter() {
        is_other |= kept.get(name) != Some(value);
        kept.insert(name, value.clone());
    }
    is_other
}

fn update(table: &mut Table, filter: &Filter, set: &Setting<'_>, now: &DateTime<FixedOffset>) -> i64 {
    let places: Vec<usize> = (0..table.rows.len())
        .filter(|place| table.rows.get(*place).is_some_and(|row| filter.matches(row, now)))
        .collect();
    for place in &places {
        let set = table.rows.get(*place).map(|row| set.of(row, now));
        overwrite(table, *place, &set.unwrap_or_default());
    }
    i64::try_from(places.len()).unwrap_or(i64::MAX)
}

fn merge(table: &mut Table, rows: Rows, keys: Vec<String>, columns: &[String]) -> Result<Value, Fault> {
    let keys = if keys.is_empty() { vec![identity(table)] } else { keys };
    let (mut inserted, mut updated, mut unchanged) = (0, 0, 0);
    for mut row in rows {
        if !columns.is_empty() {
            let is_wanted = |name: &str| {
                columns
                    .iter()
                    .chain(&keys)
                    .any(|wanted| wanted.eq_ignore_ascii_case(name))
            };
            row = row.into_iter().filter(|(name, _)| is_wanted(name)).collect();
        }
        let mut wanted = Vec::new();
        for key in &keys {
            let Some(value) = row.get(key).filter(|value| !value.is_null()) else {
                let message = format!("a row has no {key}, by which MERGE would find it");
                return Err(Fault::new(FaultKind::Argument, message));
            };
            wanted.push((key.as_str(), value));
        }
        match place_of(table, &wanted) {
            Some(place) if overwrite(table, place, &row) => updated += 1,
            Some(_) => unchanged += 1,
            None => {
                table.push(row);
                inserted += 1;
            }
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

fn one_or_all(mut values: Vec<Value>) -> Value {
    if values.len() == 1 {
        return values.pop().unwrap_or_default();
    }
    Value::List(values)
}
