//! What rows must fulfil: conditions, and references to rows of other tables.

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind};

use super::{Numbered, Outcome, Wanted, Work};
use crate::{
    basic::Action,
    filter::{Filter, Formula},
    tables::{
        access::Roles,
        catalog,
        model::{Link, Table},
        sql,
    },
};

impl Work<'_> {
    /// Refuses a row that breaks a condition or refers to nothing. `before` is the row that it replaces.
    pub(super) fn check(&mut self, table: &Table, row: &Map, before: Option<&Map>) -> Outcome<()> {
        for condition in &table.checks {
            let formula = match Formula::parse(condition) {
                Ok(formula) => formula,
                Err(fault) => {
                    tracing::warn!("the condition {condition} of {} is not understood: {fault}", table.name);
                    continue;
                }
            };
            // As in SQL, nothing is known to be wrong with what is not there.
            if !formula.misses(row) && !formula.value(row, &self.now).is_true() {
                let message = format!("a row of {} must fulfil {condition}", table.name);
                return Err(Fault::new(FaultKind::Data, message).into());
            }
        }
        for link in &table.links {
            let values: Vec<Value> = link.columns.iter().map(|name| member(row, name)).collect();
            let is_same = before.is_some_and(|before| {
                link.columns
                    .iter()
                    .all(|name| member(before, name) == member(row, name))
            });
            if is_same || values.iter().any(Value::is_null) {
                continue;
            }
            self.refers(table, link, &values)?;
        }
        Ok(())
    }

    fn refers(&mut self, table: &Table, link: &Link, values: &[Value]) -> Outcome<()> {
        let Some(target) = self.table(&link.table)? else {
            // Tables of another service cannot be looked at.
            return Ok(());
        };
        let foreign = target_columns(link, &target);
        if foreign.len() != values.len() {
            return Ok(());
        }
        let filter = equals(&foreign, values);
        let found = self.scan_all(
            &target,
            &Wanted {
                limit: Some(1),
                ..Wanted::of(filter)
            },
        )?;
        let Some(found) = found.first() else {
            let shown: Vec<String> = values.iter().map(ToString::to_string).collect();
            let message = format!(
                "{}.{} refers to {} {}, which is not there",
                table.name,
                link.columns.join(", "),
                target.name,
                shown.join(", ")
            );
            return Err(Fault::new(FaultKind::Data, message)
                .hint("save the row that it refers to first")
                .into());
        };
        if self.db.place.postgres {
            // Whoever deletes it meanwhile waits, and finds this row.
            let lock = format!(
                "SELECT \"_row\" AS number, NULL AS data FROM {} WHERE \"_row\" = $1::bigint FOR KEY SHARE",
                self.db.place.table(&target.name)
            );
            if sql::rows(self.conn, &lock, &[Some(found.number.to_string())])?.is_empty() {
                return self.refers(table, link, values);
            }
        }
        Ok(())
    }

    /// Rows as the server itself sees them: constraints count for everybody.
    pub(super) fn scan_all(&mut self, table: &Table, wanted: &Wanted) -> Outcome<Vec<Numbered>> {
        let terms = super::Terms {
            roles: Roles::server(),
            ..self.terms.clone()
        };
        let mut work = Work {
            conn: self.conn,
            db: self.db,
            terms: &terms,
            key: String::new(),
            now: self.now,
            known: std::mem::take(&mut self.known),
            changes: Vec::new(),
            made: self.made,
        };
        let found = work.scan(table, wanted, false);
        let known = work.known;
        self.known = known;
        found
    }

    /// The tables with rows that refer to rows of `table`, by which columns of theirs to which columns of it.
    pub(super) fn links_to(&mut self, table: &Table) -> Outcome<Vec<(Table, Link, Vec<String>)>> {
        let tables = catalog::list(self.conn, &self.db.place)?;
        let mut links = Vec::new();
        for other in tables {
            for link in &other.links {
                if super::write::same(&link.table, &table.name) {
                    let foreign = target_columns(link, table);
                    if foreign.len() == link.columns.len() {
                        links.push((other.clone(), link.clone(), foreign));
                    }
                }
            }
        }
        Ok(links)
    }

    /// Lets rows follow a key that has changed, or refuses the change.
    pub(super) fn follow_keys(&mut self, table: &Table, before: &Map, after: &Map) -> Outcome<()> {
        let links = self.links_to(table)?;
        for (other, link, foreign) in links {
            let old: Vec<Value> = foreign.iter().map(|name| member(before, name)).collect();
            let new: Vec<Value> = foreign.iter().map(|name| member(after, name)).collect();
            if old == new || old.iter().any(Value::is_null) {
                continue;
            }
            let rows = self.scan_all(&other, &Wanted::of(equals(&link.columns, &old)))?;
            if rows.is_empty() {
                continue;
            }
            if link.on_update != Some(Action::Cascade) {
                return Err(in_use(table, &other));
            }
            let set: Map = link.columns.iter().cloned().zip(new).collect();
            for row in rows {
                self.change(&other, &row, &set)?;
            }
        }
        Ok(())
    }
}

/// The columns of the other table that a link means.
fn target_columns(link: &Link, target: &Table) -> Vec<String> {
    if link.foreign.is_empty() {
        target.identity()
    } else {
        link.foreign.clone()
    }
}

pub(super) fn member(row: &Map, name: &str) -> Value {
    row.get(name).cloned().unwrap_or_default()
}

/// The rows in which each column has its value.
pub(super) fn equals(columns: &[String], values: &[Value]) -> Filter {
    columns
        .iter()
        .zip(values)
        .fold(Filter::all(), |filter, (column, value)| {
            filter.and(Filter::equals(column, value))
        })
}

pub(super) fn in_use(table: &Table, other: &Table) -> super::Error {
    let message = format!("rows of {} refer to this row of {}", other.name, table.name);
    Fault::new(FaultKind::Data, message)
        .hint("delete those first, or declare ON DELETE CASCADE")
        .into()
}
