//! New rows and other rows.

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, Operation};
use chrono::{DateTime, FixedOffset};

use super::{Numbered, Outcome, Wanted, Work};
use crate::{
    filter::{Filter, Formula},
    tables::{
        catalog, cell,
        model::{Kind, Table},
        sql::{self, Bind, quoted},
    },
};

/// What columns get.
pub(crate) struct Setting<'a> {
    /// Values that are the same for every row.
    pub(crate) row: &'a Map,
    /// Columns that get what is computed from the row.
    pub(crate) formulas: &'a [(String, Formula)],
}

impl<'a> Setting<'a> {
    /// Values that nothing is computed for.
    pub(crate) fn plain(row: &'a Map) -> Self {
        Self { row, formulas: &[] }
    }

    /// What `row` gets. Where a row has no column of a formula's names, the name was the script's after all.
    pub(crate) fn of(&self, row: &Map, now: &DateTime<FixedOffset>) -> Map {
        let mut set = self.row.clone();
        for (name, formula) in self.formulas {
            if formula.columns().iter().all(|column| row.get(column).is_some()) {
                set.insert(name.clone(), formula.value(row, now));
            }
        }
        set
    }
}

impl Work<'_> {
    /// Adds a row and gives it as it is kept.
    pub(crate) fn insert(&mut self, name: &str, row: &Map) -> Outcome<Map> {
        let table = self.table_for(name, row)?;
        self.may_write(&table, row)?;
        let number = self.number(&table)?;
        let mut full = Map::new();
        for column in &table.columns {
            let given = row
                .get(&column.name)
                .filter(|value| !value.is_null() && column.generated.is_none());
            let value = match given {
                Some(value) => value.clone(),
                None => match &column.default {
                    _ if column.counted => self.count(&table, column.kind, &column.name, number)?,
                    Some(default) if !row.iter().any(|(name, _)| same(name, &column.name)) => {
                        self.default(&table, &column.name, default)
                    }
                    _ => Value::Null,
                },
            };
            full.insert(column.name.clone(), value);
        }
        let full = self.complete(&table, full)?;
        self.check(&table, &full, None)?;
        let cells = cells(&table, &full)?;
        let place = &self.db.place;
        let mut columns = vec!["\"_row\"".to_owned()];
        let mut values = vec![place.bound(1, Kind::Int)];
        let mut binds: Vec<Bind> = vec![Some(number.to_string())];
        for (column, cell) in table.columns.iter().zip(cells) {
            columns.push(quoted(&column.name));
            binds.push(cell);
            values.push(place.bound(binds.len(), column.kind));
        }
        let statement = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            place.table(&table.name),
            columns.join(", "),
            values.join(", ")
        );
        sql::execute(self.conn, &statement, &binds)?;
        self.note(&table, Operation::Insert, &full, &Map::new());
        Ok(full)
    }

    /// Sets columns of the rows that pass, and gives their number.
    pub(crate) fn update(&mut self, name: &str, filter: &Filter, set: &Setting<'_>) -> Outcome<u64> {
        let Some(table) = self.table(name)? else {
            tracing::warn!("there is no table {name}, so no row of it was changed");
            return Ok(0);
        };
        let found = self.scan(&table, &Wanted::of(filter.clone()), true)?;
        if found.is_empty() {
            return Ok(0);
        }
        let table = self.table_for(name, set.row)?;
        self.may_write(&table, set.row)?;
        let mut count = 0;
        for found in found {
            let set = set.of(&found.row, &self.now);
            self.change(&table, &found, &set)?;
            count += 1;
        }
        Ok(count)
    }

    /// Changes one row; true when it is another afterwards.
    pub(super) fn change(&mut self, table: &Table, found: &Numbered, set: &Map) -> Outcome<bool> {
        let mut full = Map::new();
        for column in &table.columns {
            let given = set
                .iter()
                .find(|(name, _)| same(name, &column.name) && column.generated.is_none());
            let value = given.map_or_else(
                || found.row.get(&column.name).cloned().unwrap_or_default(),
                |(_, value)| value.clone(),
            );
            full.insert(column.name.clone(), value);
        }
        let full = self.complete(table, full)?;
        let (before, after) = (cells(table, &found.row)?, cells(table, &full)?);
        let place = &self.db.place;
        let (mut sets, mut binds): (Vec<String>, Vec<Bind>) = (Vec::new(), Vec::new());
        for ((column, before), after) in table.columns.iter().zip(before).zip(after) {
            if before != after {
                binds.push(after);
                sets.push(format!(
                    "{} = {}",
                    quoted(&column.name),
                    place.bound(binds.len(), column.kind)
                ));
            }
        }
        if sets.is_empty() {
            return Ok(false);
        }
        self.check(table, &full, Some(&found.row))?;
        let place = &self.db.place;
        binds.push(Some(found.number.to_string()));
        let statement = format!(
            "UPDATE {} SET {} WHERE \"_row\" = {}",
            place.table(&table.name),
            sets.join(", "),
            place.bound(binds.len(), Kind::Int)
        );
        sql::execute(self.conn, &statement, &binds)?;
        self.follow_keys(table, &found.row, &full)?;
        self.note(table, Operation::Update, &full, &found.row);
        Ok(true)
    }

    /// Changes the row with the same `keys`, or adds one. Gives the row, and whether it is new and whether it is other
    /// than before.
    pub(crate) fn upsert(&mut self, name: &str, keys: &[String], row: &Map) -> Outcome<(Map, bool, bool)> {
        let table = self.table_for(name, row)?;
        let mut filter = Filter::all();
        for key in keys {
            let value = row.get(key).cloned().unwrap_or_default();
            filter = filter.and(Filter::equals(key, &value));
        }
        let given = !keys.is_empty()
            && keys
                .iter()
                .all(|key| row.get(key).is_some_and(|value| !value.is_null()));
        let found = if given {
            let wanted = Wanted {
                limit: Some(1),
                ..Wanted::of(filter)
            };
            self.scan(&table, &wanted, true)?.into_iter().next()
        } else {
            None
        };
        let Some(found) = found else {
            return Ok((self.insert(name, row)?, true, true));
        };
        self.may_write(&table, row)?;
        let changed = self.change(&table, &found, row)?;
        let mut full = found.row;
        for (name, value) in row.iter() {
            full.insert(name, value.clone());
        }
        Ok((full, false, changed))
    }

    fn may_write(&self, table: &Table, row: &Map) -> Result<(), Fault> {
        self.terms.roles.write(table)?;
        for (name, _) in row.iter() {
            if let Some(column) = table.column(name) {
                self.terms.roles.writes(table, column)?;
                if column.generated.is_some() {
                    tracing::warn!(table = %table.name, "{}.{} is computed, so what was given for it is left out", table.name, column.name);
                }
            }
        }
        Ok(())
    }

    /// The number of a new row.
    fn number(&mut self, table: &Table) -> Outcome<i64> {
        let next = catalog::next_row(self.conn, &self.db.place, table)?;
        Ok(if self.db.place.postgres {
            next
        } else {
            self.db.reserve(&table.name.to_lowercase(), next)
        })
    }

    /// What a counted column gets.
    fn count(&mut self, table: &Table, kind: Kind, column: &str, number: i64) -> Outcome<Value> {
        if matches!(kind, Kind::Uuid | Kind::Text) {
            return Ok(self.fresh_id());
        }
        let mut number = number;
        loop {
            let wanted = Wanted {
                limit: Some(1),
                ..Wanted::of(Filter::equals(column, &Value::Int(number)))
            };
            if self.scan_all(table, &wanted)?.is_empty() {
                return Ok(Value::Int(number));
            }
            number = self.number(table)?.max(number + 1);
        }
    }

    fn default(&mut self, table: &Table, column: &str, default: &str) -> Value {
        let word = default.trim().trim_end_matches("()").to_lowercase();
        if matches!(
            word.as_str(),
            "uuid_generate_v4" | "gen_random_uuid" | "uuid" | "guid" | "newid"
        ) {
            return self.fresh_id();
        }
        match Formula::parse(default) {
            Ok(formula) => formula.value(&Map::new(), &self.now),
            Err(fault) => {
                tracing::warn!("the default of {}.{column} is not understood: {fault}", table.name);
                Value::Null
            }
        }
    }

    /// The row with neutral values where something must be and computed columns, each as its column keeps it.
    fn complete(&self, table: &Table, mut row: Map) -> Outcome<Map> {
        for column in &table.columns {
            if column.generated.is_some() {
                continue;
            }
            let value = row.get(&column.name).cloned().unwrap_or_default();
            let mut text = cell::encode(table, column, &value)?;
            if text.is_none() && column.not_null {
                let neutral = cell::neutral(column.kind);
                tracing::warn!(table = %table.name, "{}.{} must have a value and was given none: it gets {neutral:?}", table.name, column.name);
                text = cell::encode(table, column, &neutral)?;
            }
            row.insert(column.name.clone(), cell::decode(column, text.as_deref()));
        }
        for column in &table.columns {
            let Some(formula) = &column.generated else { continue };
            let value = match Formula::parse(formula) {
                Ok(formula) => formula.value(&row, &self.now),
                Err(fault) => {
                    tracing::warn!("{}.{} cannot be computed: {fault}", table.name, column.name);
                    Value::Null
                }
            };
            let text = cell::encode(table, column, &value)?;
            row.insert(column.name.clone(), cell::decode(column, text.as_deref()));
        }
        Ok(row)
    }
}

/// The row as the database keeps it.
fn cells(table: &Table, row: &Map) -> Outcome<Vec<Bind>> {
    let cell = |column: &crate::tables::model::Column| {
        let value = row.get(&column.name).cloned().unwrap_or_default();
        cell::encode(table, column, &value).map_err(Into::into)
    };
    table.columns.iter().map(cell).collect()
}

/// Whether two names differ in letter case only.
pub(super) fn same(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}
