//! Rows that go, and what becomes of those that refer to them.

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind, Operation};

use super::{
    Numbered, Outcome, Wanted, Work,
    check::{equals, in_use, member},
};
use crate::{
    basic::Action,
    filter::Filter,
    tables::{
        model::{Kind, Table},
        sql,
    },
};

/// How far one deletion may lead to others.
const DEEPEST: u32 = 16;

impl Work<'_> {
    /// Deletes the rows that pass, and gives their number.
    pub(crate) fn delete(&mut self, name: &str, filter: &Filter) -> Outcome<u64> {
        let Some(table) = self.table(name)? else {
            tracing::warn!("there is no table {name}, so no row of it was deleted");
            return Ok(0);
        };
        self.terms.roles.write(&table)?;
        let found = self.scan(&table, &Wanted::of(filter.clone()), true)?;
        let mut count = 0;
        for found in found {
            count += u64::from(self.remove(&table, &found, 0)?);
        }
        Ok(count)
    }

    fn remove(&mut self, table: &Table, found: &Numbered, depth: u32) -> Outcome<bool> {
        if depth > DEEPEST {
            let message = format!("deleting from {} leads through too many tables", table.name);
            return Err(Fault::new(FaultKind::Limit, message).into());
        }
        let statement = format!(
            "DELETE FROM {} WHERE \"_row\" = {}",
            self.db.place.table(&table.name),
            self.db.place.bound(1, Kind::Int)
        );
        // The row goes first, so that rows which refer to each other end somewhere.
        if sql::execute(self.conn, &statement, &[Some(found.number.to_string())])? == 0 {
            return Ok(false);
        }
        for (other, link, foreign) in self.links_to(table)? {
            let key: Vec<Value> = foreign.iter().map(|name| member(&found.row, name)).collect();
            if key.iter().any(Value::is_null) {
                continue;
            }
            let rows = self.scan_all(&other, &Wanted::of(equals(&link.columns, &key)))?;
            for row in rows {
                match link.on_delete {
                    Some(Action::Cascade) => {
                        self.remove(&other, &row, depth + 1)?;
                    }
                    Some(action @ (Action::SetNull | Action::SetDefault)) => {
                        let value = |name: &String| match other.column(name).and_then(|column| column.default.clone()) {
                            Some(default) if action == Action::SetDefault => crate::filter::Formula::parse(&default)
                                .map_or(Value::Null, |formula| formula.value(&Map::new(), &self.now)),
                            _ => Value::Null,
                        };
                        let set: Map = link.columns.iter().map(|name| (name.clone(), value(name))).collect();
                        self.change(&other, &row, &set)?;
                    }
                    Some(Action::Restrict | Action::NoAction) | None => return Err(in_use(table, &other)),
                }
            }
        }
        self.note(table, Operation::Delete, &found.row, &found.row);
        Ok(true)
    }
}
