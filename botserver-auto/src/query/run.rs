//! Runs a query over the rows of its sources.

use std::{cmp::Ordering, collections::HashMap};

use botlib::{Value, value::Map};
use botstate::dialog::Fault;
use chrono::{DateTime, FixedOffset};
use indexmap::IndexMap;

use super::{Item, Join, JoinKind, MOST_STEPS, Query, too_much};
use crate::basic::{
    number, operators,
    value::{Val, from_value},
};

type Now = DateTime<FixedOffset>;

/// A text that is the same for values which the language holds for equal.
pub(crate) fn group_key(value: &Value) -> String {
    let numeric = match value {
        Value::Int(number) => return number.to_string(),
        Value::Decimal(number) => Some(*number),
        Value::Text(text) => number::looks_numeric(text).map(number::Number::decimal),
        _ => None,
    };
    numeric.map_or_else(|| value.to_string(), |number| number.normalize().to_string())
}

/// Sorts by keys, each ascending or descending; what cannot be compared keeps its order, null comes first.
pub(crate) fn sort_by<T>(keyed: &mut [(Vec<Val>, T)], descending: &[bool]) {
    keyed.sort_by(|(a, _), (b, _)| {
        for (index, (a, b)) in a.iter().zip(b).enumerate() {
            let order = operators::order(a, b).unwrap_or_else(|| b.is_null().cmp(&a.is_null()));
            let order = if descending.get(index).copied().unwrap_or(false) {
                order.reverse()
            } else {
                order
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    });
}

impl Query {
    /// The rows of the result. `sources` are the rows of [its tables](Query::tables), `outer` what names mean that are
    /// no columns.
    ///
    /// # Errors
    /// When the query would look at too many rows, or adds up what are no numbers.
    pub(crate) fn run(&self, sources: Vec<Vec<Map>>, outer: &Map, now: &Now) -> Result<Vec<Map>, Fault> {
        let mut columns: Vec<(String, Vec<String>)> = Vec::new();
        let mut rows: Vec<Map> = Vec::new();
        for (index, (table, source)) in self.tables.iter().zip(sources).enumerate() {
            columns.push((table.alias.clone(), columns_of(&source)));
            let join = index.checked_sub(1).and_then(|before| self.joins.get(before));
            rows = match join {
                None => source
                    .into_iter()
                    .map(|row| qualified(row, &table.alias, outer))
                    .collect(),
                Some(join) => joined(join, rows, source, &table.alias, now)?,
            };
        }
        rows.retain(|row| self.filter.matches(row, now));
        let rows = if self.is_grouped {
            self.grouped(rows, outer, now)?
        } else {
            rows
        };
        let mut results: Vec<(Vec<Val>, Map)> = Vec::new();
        for row in rows {
            if self.is_grouped && !self.having.matches(&row, now) {
                continue;
            }
            let result = self.project(&row, &columns, now);
            let mut keys = Vec::new();
            for (formula, _) in &self.order {
                let key = match formula.sole_column().and_then(|name| result.get(name)) {
                    Some(value) => value.clone(),
                    None => formula.value(&row, now),
                };
                keys.push(from_value(key)?);
            }
            results.push((keys, result));
        }
        if !self.order.is_empty() {
            let descending: Vec<bool> = self.order.iter().map(|(_, descending)| *descending).collect();
            sort_by(&mut results, &descending);
        }
        let mut rows: Vec<Map> = results.into_iter().map(|(_, row)| row).collect();
        if self.is_distinct {
            let mut seen = std::collections::HashSet::new();
            rows.retain(|row| seen.insert(row.iter().map(|(_, value)| group_key(value)).collect::<Vec<_>>()));
        }
        Ok(rows
            .into_iter()
            .skip(self.offset)
            .take(self.limit.unwrap_or(usize::MAX))
            .collect())
    }

    /// One row for each group: its first row, and the aggregates.
    fn grouped(&self, rows: Vec<Map>, outer: &Map, now: &Now) -> Result<Vec<Map>, Fault> {
        let mut groups: IndexMap<Vec<String>, Vec<Map>> = IndexMap::new();
        if self.group.is_empty() {
            groups.insert(Vec::new(), Vec::new());
        }
        for row in rows {
            let key = self
                .group
                .iter()
                .map(|formula| group_key(&formula.value(&row, now)))
                .collect();
            groups.entry(key).or_default().push(row);
        }
        let mut results = Vec::new();
        for (_, members) in groups {
            let mut row = members.first().cloned().unwrap_or_else(|| outer.clone());
            for call in &self.aggregates {
                row.insert(call.column.as_str(), call.value(&members, now)?);
            }
            results.push(row);
        }
        Ok(results)
    }

    fn project(&self, row: &Map, columns: &[(String, Vec<String>)], now: &Now) -> Map {
        let mut result = Map::new();
        for item in &self.items {
            match item {
                Item::Named(name, formula) => result.insert(name.as_str(), formula.value(row, now)),
                Item::All(wanted) => {
                    for (alias, names) in columns {
                        if wanted
                            .as_ref()
                            .is_some_and(|wanted| !wanted.eq_ignore_ascii_case(alias))
                        {
                            continue;
                        }
                        for name in names {
                            let value = row.get(&format!("{alias}.{name}")).or_else(|| row.get(name));
                            if result.get(name).is_none() {
                                result.insert(name.as_str(), value.cloned().unwrap_or_default());
                            }
                        }
                    }
                }
            }
        }
        result
    }
}

/// Names of all columns of the rows.
fn columns_of(rows: &[Map]) -> Vec<String> {
    let mut known = std::collections::HashSet::new();
    let mut names = Vec::new();
    for row in rows {
        for (name, _) in row.iter() {
            if known.insert(name.to_lowercase()) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// A row whose columns are found under their names and under `alias.name`.
fn qualified(row: Map, alias: &str, outer: &Map) -> Map {
    let mut full: Vec<(String, Value)> = Vec::with_capacity(row.len() * 2 + outer.len());
    if !alias.is_empty() {
        full.extend(
            row.iter()
                .map(|(name, value)| (format!("{alias}.{name}"), value.clone())),
        );
    }
    let unknown = outer.iter().filter(|(name, _)| row.get(name).is_none());
    full.extend(unknown.map(|(name, value)| (name.to_owned(), value.clone())));
    row.into_iter().chain(full).collect()
}

fn joined(join: &Join, left: Vec<Map>, right: Vec<Map>, alias: &str, now: &Now) -> Result<Vec<Map>, Fault> {
    let right: Vec<Map> = right
        .into_iter()
        .map(|row| qualified(row, alias, &Map::new()))
        .collect();
    let index = join.keys.as_ref().and_then(|keys| Index::new(keys, &left, &right));
    let mut steps = 0_usize;
    let mut rows = Vec::new();
    let all: Vec<usize> = if index.is_none() {
        (0..right.len()).collect()
    } else {
        Vec::new()
    };
    for row in left {
        let candidates: &[usize] = match &index {
            Some(index) => index.find(&row),
            None => &all,
        };
        let mut is_alone = true;
        for other in candidates.iter().filter_map(|place| right.get(*place)) {
            steps += 1;
            if steps > MOST_STEPS || rows.len() > MOST_STEPS {
                return Err(too_much());
            }
            let both = both(&row, other);
            if join.kind == JoinKind::Cross || join.on.matches(&both, now) {
                is_alone = false;
                rows.push(both);
            }
        }
        if is_alone && join.kind == JoinKind::Left {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Both rows in one; columns of the left one keep their names.
fn both(left: &Map, right: &Map) -> Map {
    let more = right.iter().filter(|(name, _)| left.get(name).is_none());
    left.iter()
        .chain(more)
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
}

/// Rows of the right side by the value of a column.
struct Index {
    column: String,
    places: HashMap<String, Vec<usize>>,
}

impl Index {
    fn new((a, b): &(String, String), left: &[Map], right: &[Map]) -> Option<Self> {
        let has = |rows: &[Map], name: &str| rows.iter().any(|row| row.get(name).is_some());
        // A column that both sides have by this name belongs to neither.
        let (mine, theirs) = if has(left, a) && has(right, b) && !(has(left, b) && has(right, a)) {
            (a, b)
        } else if has(left, b) && has(right, a) && !(has(left, a) && has(right, b)) {
            (b, a)
        } else {
            return None;
        };
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, row) in right.iter().enumerate() {
            if let Some(value) = row.get(theirs).filter(|value| !value.is_null()) {
                places.entry(group_key(value)).or_default().push(place);
            }
        }
        Some(Self {
            column: mine.clone(),
            places,
        })
    }

    fn find(&self, row: &Map) -> &[usize] {
        row.get(&self.column)
            .filter(|value| !value.is_null())
            .and_then(|value| self.places.get(&group_key(value)))
            .map_or(&[], Vec::as_slice)
    }
}
