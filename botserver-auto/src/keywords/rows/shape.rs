//! What becomes of rows: renamed, joined, grouped, added up.

use botlib::{Value, value::Map};
use botstate::{dialog::Fault, keyword::Turn};
use chrono::{DateTime, FixedOffset};
use indexmap::IndexMap;

use super::{clock, misfit, plain_row, source::member, text_of};
use crate::{
    filter::{Filter, Formula},
    query::{Operator, aggregate as total, group_key},
};

/// Renames columns by `"old->new, x->y"`, or gives the value of an expression for each element.
pub(super) fn map(values: Vec<Value>, with: &Value, outer: &Map, now: &DateTime<FixedOffset>) -> Result<Value, Fault> {
    if let Some(text) = text_of(with).filter(|text| text.contains("->")) {
        let pairs: Vec<(String, String)> = text
            .split(',')
            .filter_map(|pair| pair.split_once("->"))
            .map(|(old, new)| (old.trim().to_owned(), new.trim().to_owned()))
            .collect();
        return Ok(Value::List(
            values.into_iter().map(|value| renamed(value, &pairs)).collect(),
        ));
    }
    let parts = match with {
        Value::List(parts) => parts.clone(),
        other => vec![other.clone()],
    };
    let formula = Formula::of_parts(&parts)?;
    let mut results = Vec::new();
    for value in values {
        let row = match &value {
            Value::Map(row) => row.clone(),
            other => plain_row(other),
        };
        let unknown = outer.iter().filter(|(name, _)| row.get(name).is_none());
        let row: Map = row
            .iter()
            .chain(unknown)
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        results.push(formula.value(&row, now));
    }
    Ok(Value::List(results))
}

/// The element with columns renamed; those that no pair names stay.
fn renamed(value: Value, pairs: &[(String, String)]) -> Value {
    let Value::Map(row) = value else { return value };
    let mut result = Map::new();
    for (name, value) in row {
        let new = pairs.iter().find(|(old, _)| old.eq_ignore_ascii_case(&name));
        result.insert(new.map_or(name, |(_, new)| new.clone()), value);
    }
    // What a path leads to can be named as well.
    Value::Map(result)
}

/// One number or value of the rows that pass.
pub(super) fn aggregate(
    turn: &dyn Turn,
    operator: Operator,
    mut rows: Vec<Map>,
    field: Option<&str>,
    filter: &Value,
) -> Result<Value, Fault> {
    let filter = Filter::parse(filter)?;
    let (_run, now) = clock(turn);
    if !filter.is_all() {
        rows.retain(|row| filter.matches(row, &now));
    }
    let field = field.map(str::trim).filter(|field| !field.is_empty() && *field != "*");
    let values: Vec<Value> = match field {
        Some(field) => rows.iter().map(|row| member(row, field)).collect(),
        None if operator == Operator::Count => return Ok(Value::Int(i64::try_from(rows.len()).unwrap_or(i64::MAX))),
        // A list of plain values is added up itself.
        None => rows.iter().map(|row| member(row, "value")).collect(),
    };
    total(operator, &values)
}

/// Rows of both sides with the same value, as one row; columns of the left side keep their values.
pub(super) fn join(left: Vec<Map>, right: Vec<Map>, key: &str, other: &str) -> Result<Vec<Map>, Fault> {
    let plain = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let (key, other) = (plain(key), plain(other));
    let has = |rows: &[Map], name: &str| rows.is_empty() || rows.iter().any(|row| row.get(name).is_some());
    // The condition may name the sides in either order.
    let (key, other) = if !has(&left, &key) && has(&left, &other) && has(&right, &key) {
        (other, key)
    } else {
        (key, other)
    };
    let mut partners: std::collections::HashMap<String, Vec<Map>> = std::collections::HashMap::new();
    for row in right {
        let value = member(&row, &other);
        if !value.is_null() {
            partners.entry(group_key(&value)).or_default().push(row);
        }
    }
    let mut rows = Vec::new();
    for row in left {
        let value = member(&row, &key);
        for partner in partners.get(&group_key(&value)).into_iter().flatten() {
            if value.is_null() {
                break;
            }
            crate::basic::tabular::check_rows(rows.len() + 1)?;
            let more = partner.iter().filter(|(name, _)| row.get(name).is_none());
            let both = row.iter().chain(more);
            rows.push(both.map(|(name, value)| (name.to_owned(), value.clone())).collect());
        }
    }
    Ok(rows)
}

/// The rows of each value of a column.
pub(super) fn group(rows: Vec<Map>, field: &str) -> Map {
    let mut groups: IndexMap<String, (String, Vec<Value>)> = IndexMap::new();
    for row in rows {
        let name = member(&row, field).to_string();
        let key = name.to_lowercase();
        groups
            .entry(key)
            .or_insert_with(|| (name, Vec::new()))
            .1
            .push(Value::Map(row));
    }
    groups
        .into_values()
        .map(|(name, rows)| (name, Value::List(rows)))
        .collect()
}

/// One row for each value of a column, with aggregates such as `SUM(total) AS sum, COUNT(*)` or
/// `{ total: "SUM" }`.
pub(super) fn group_sums(rows: Vec<Map>, field: &str, aggregates: &Value) -> Result<Vec<Map>, Fault> {
    let mut wanted: Vec<(String, Operator, String)> = Vec::new();
    let mut add = |name: Option<&str>, operator: &str, of: &str| -> Result<(), Fault> {
        let operator = Operator::find(operator).ok_or_else(|| {
            misfit(format!("GROUP BY knows no aggregate {operator:?}")).hint("use SUM, AVG, COUNT, MIN or MAX")
        })?;
        let of = if of == "*" { "" } else { of };
        let default = match of {
            "" => operator.name().to_owned(),
            of => format!("{}_{of}", operator.name()),
        };
        wanted.push((name.map_or(default, str::to_owned), operator, of.to_owned()));
        Ok(())
    };
    match aggregates {
        Value::Map(map) => {
            for (of, operator) in map.iter() {
                add(Some(of), &operator.to_string(), of)?;
            }
        }
        other => {
            let texts = match other {
                Value::List(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
                other => other.to_string(),
            };
            for text in texts.split(',').map(str::trim).filter(|text| !text.is_empty()) {
                let lower = text.to_lowercase();
                let (call, name) = match lower.rfind(" as ") {
                    Some(at) => (text.get(..at).unwrap_or(text), text.get(at + 4..).map(str::trim)),
                    None => (text, None),
                };
                let call = call.trim();
                let (operator, of) = call
                    .strip_suffix(')')
                    .and_then(|call| call.split_once('('))
                    .unwrap_or((call, "*"));
                add(name, operator, of.trim())?;
            }
        }
    }
    let mut groups: IndexMap<String, Vec<Map>> = IndexMap::new();
    for row in rows {
        groups.entry(group_key(&member(&row, field))).or_default().push(row);
    }
    let mut results = Vec::new();
    for members in groups.into_values() {
        let mut result = Map::new();
        result.insert(field, members.first().map(|row| member(row, field)).unwrap_or_default());
        for (name, operator, of) in &wanted {
            let value = if of.is_empty() {
                Value::Int(i64::try_from(members.len()).unwrap_or(i64::MAX))
            } else {
                let values: Vec<Value> = members.iter().map(|row| member(row, of)).collect();
                total(*operator, &values)?
            };
            result.insert(name.as_str(), value);
        }
        results.push(result);
    }
    Ok(results)
}

/// Whether a word is a direction and no column.
pub(super) fn is_direction(text: &str) -> bool {
    let word = text.trim();
    word.eq_ignore_ascii_case("ASC") || word.eq_ignore_ascii_case("DESC")
}

/// A column and whether it is sorted downwards: `total DESC`.
pub(super) fn direction(text: &str) -> (String, bool) {
    let text = text.trim();
    match text.rsplit_once(char::is_whitespace) {
        Some((name, word)) if is_direction(word) => (name.trim().to_owned(), word.eq_ignore_ascii_case("DESC")),
        _ => (text.to_owned(), false),
    }
}
