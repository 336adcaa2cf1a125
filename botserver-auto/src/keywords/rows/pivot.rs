//! Tables whose columns are values.

use botlib::{Value, value::Map};
use botstate::dialog::Fault;
use indexmap::IndexMap;

use super::{misfit, source::member};
use crate::query::{Operator, aggregate, group_key};

/// Columns that a pivot may make.
const MOST_COLUMNS: usize = 1_000;

/// `value` is a column, or one in an aggregate such as `SUM(total)`.
pub(super) fn pivot(
    rows: &[Map],
    row: &str,
    column: Option<&str>,
    value: &str,
    operator: &str,
) -> Result<Vec<Map>, Fault> {
    let call = value.strip_suffix(')').and_then(|call| call.split_once('('));
    let (name, of) = match call {
        Some((name, of)) => (name.trim(), of.trim()),
        None => (operator.trim(), value),
    };
    let operator = if name.is_empty() {
        Operator::Sum
    } else {
        Operator::find(name).ok_or_else(|| {
            misfit(format!("PIVOT knows no aggregate {name:?}")).hint("use SUM, AVG, COUNT, MIN or MAX")
        })?
    };
    if row.is_empty() || of.is_empty() {
        return Err(misfit("PIVOT needs the columns of its rows and of its values"));
    }
    let mut lines: IndexMap<String, (Value, IndexMap<String, Vec<Value>>)> = IndexMap::new();
    let mut columns: IndexMap<String, String> = IndexMap::new();
    for item in rows {
        let key = member(item, row);
        // Without a column the values have the name that they had.
        let name = column.map_or_else(|| of.to_owned(), |column| member(item, column).to_string());
        let place = name.to_lowercase();
        columns.entry(place.clone()).or_insert(name);
        if columns.len() > MOST_COLUMNS {
            return Err(Fault::new(
                botstate::dialog::FaultKind::Limit,
                format!("the pivot would have more than {MOST_COLUMNS} columns"),
            ));
        }
        let line = lines.entry(group_key(&key)).or_insert_with(|| (key, IndexMap::new()));
        let found = if of == "*" { Value::Int(1) } else { member(item, of) };
        line.1.entry(place).or_default().push(found);
    }
    let mut results = Vec::new();
    for (key, cells) in lines.into_values() {
        let mut result = Map::new();
        result.insert(row, key);
        for (place, name) in &columns {
            let values = cells.get(place).map_or(&[][..], Vec::as_slice);
            result.insert(name.as_str(), aggregate(operator, values)?);
        }
        results.push(result);
    }
    Ok(results)
}
