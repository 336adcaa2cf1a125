//! Work on a bot's tables inside one transaction.

mod check;
mod remove;
mod scan;
mod write;

pub(crate) use write::Setting;

use std::collections::HashMap;

use botlib::{Value, value::Map};
use botstate::{
    db::Connection,
    dialog::{Fault, FaultKind, Operation},
    rows::TableOutline,
};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    Rows,
    access::Roles,
    catalog,
    error::Error,
    model::{Column, Table, check_name},
    place::BotDb,
};
use crate::basic::dates;

pub(crate) use scan::Wanted;

/// For whom the work is done, and what the bot allows.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// The roles of the caller.
    pub(crate) roles: Roles,
    /// Whether saving makes tables and columns.
    pub(crate) open: bool,
    /// Names this call: ids that are made come from it, so that another try makes the same.
    pub(crate) key: String,
    /// Tables and operations, in small letters, that start scripts.
    pub(crate) watched: Vec<(String, Operation)>,
    /// How many orders led to the turn, so that scripts which start each other come to an end.
    pub(crate) depth: u8,
}

/// A change that waits for the scripts that it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Changed {
    /// The table.
    pub(crate) table: String,
    /// What happened.
    pub(crate) operation: Operation,
    /// The row after the change; for a row that is gone, as it was.
    pub(crate) row: Map,
    /// The row before the change; empty for a new one.
    pub(crate) old: Map,
    /// How many orders led to it.
    #[serde(default)]
    pub(crate) depth: u8,
}

/// A transaction on a bot's tables.
pub(crate) struct Work<'a> {
    conn: &'a mut Connection,
    db: &'a BotDb,
    terms: &'a Terms,
    key: String,
    now: DateTime<FixedOffset>,
    known: HashMap<String, Table>,
    changes: Vec<Changed>,
    /// Ids made so far.
    made: u32,
}

/// A row with its number.
#[derive(Debug, Clone)]
pub(crate) struct Numbered {
    number: i64,
    row: Map,
}

type Outcome<T> = Result<T, Error>;

impl<'a> Work<'a> {
    pub(super) fn new(conn: &'a mut Connection, db: &'a BotDb, terms: &'a Terms) -> Self {
        Self {
            conn,
            db,
            terms,
            key: terms.key.clone(),
            now: dates::now(),
            known: HashMap::new(),
            changes: Vec::new(),
            made: 0,
        }
    }

    /// The moment that `NOW()` gives.
    pub(crate) fn now(&self) -> DateTime<FixedOffset> {
        self.now
    }

    /// What comes next belongs to the call with this key.
    pub(crate) fn begin_call(&mut self, key: &str) {
        key.clone_into(&mut self.key);
        self.made = 0;
    }

    /// The table called `name` as the caller may see it, in which rows are to be saved.
    pub(crate) fn columns(&mut self, name: &str) -> Outcome<Vec<String>> {
        let table = self.table(name)?;
        Ok(table.map_or_else(Vec::new, |table| {
            table.columns.iter().map(|column| column.name.clone()).collect()
        }))
    }

    /// The tables that the caller may read, each with the columns that he may read.
    pub(super) fn outlines(&mut self) -> Outcome<Vec<TableOutline>> {
        let roles = &self.terms.roles;
        let tables = catalog::list(self.conn, &self.db.place)?;
        let readable = tables.into_iter().filter(|table| roles.read(table).is_ok());
        let outlines = readable.map(|table| TableOutline {
            columns: table
                .columns
                .iter()
                .filter(|column| roles.reads(column))
                .map(|column| (column.name.clone(), column.kind.word()))
                .collect(),
            name: table.name,
        });
        Ok(outlines.collect())
    }

    /// The columns by which rows of a table are known, and those by which MERGE finds them.
    pub(crate) fn keys(&mut self, name: &str) -> Outcome<(Vec<String>, Vec<String>)> {
        let table = self.table(name)?;
        Ok(table.map_or_else(
            || (vec!["id".to_owned()], Vec::new()),
            |table| (table.identity(), table.match_key.clone()),
        ))
    }

    /// The columns of a table that the server fills with numbers and ids.
    pub(crate) fn counted(&mut self, name: &str) -> Outcome<Vec<String>> {
        let table = self.table(name)?;
        let counted = table.into_iter().flat_map(|table| table.columns).filter(|column| {
            let makes = |default: &String| default.to_lowercase().contains("uuid");
            column.counted || column.default.as_ref().is_some_and(makes)
        });
        Ok(counted.map(|column| column.name).collect())
    }

    /// The row without what the caller may not read.
    pub(crate) fn show(&mut self, name: &str, row: Map) -> Outcome<Map> {
        Ok(match self.table(name)? {
            Some(table) => self.visible(&table, row),
            None => row,
        })
    }

    /// What was changed and starts scripts.
    pub(super) fn changes(&mut self) -> Vec<Changed> {
        std::mem::take(&mut self.changes)
    }

    /// The table called `name`, if there is one.
    pub(crate) fn table(&mut self, name: &str) -> Outcome<Option<Table>> {
        let key = table_name(name).to_lowercase();
        if let Some(table) = self.known.get(&key) {
            return Ok(Some(table.clone()));
        }
        let found = catalog::find(self.conn, &self.db.place, &key)?;
        if let Some(table) = &found {
            self.known.insert(key, table.clone());
        }
        Ok(found)
    }

    /// The table called `name`, with the columns that `row` needs. It is made when there is none and tables are open.
    pub(crate) fn table_for(&mut self, name: &str, row: &Map) -> Outcome<Table> {
        let name = table_name(name);
        let table = match self.table(name)? {
            Some(table) => table,
            None if self.terms.open => {
                check_name("table", name)?;
                catalog::create(self.conn, &self.db.place, Table::open(name))?
            }
            None => {
                let message = format!("the bot has no table {name}");
                let hint = "declare it with TABLE … END TABLE, or set tables-open to true";
                return Err(Fault::new(FaultKind::NotFound, message).hint(hint).into());
            }
        };
        self.terms.roles.write(&table)?;
        let mut missing: Vec<Column> = Vec::new();
        for (column, _) in row.iter() {
            let is_known = table.column(column).is_some()
                || missing
                    .iter()
                    .any(|known| known.name.to_lowercase() == column.to_lowercase());
            if !is_known {
                missing.push(Column::any(column));
            }
        }
        let table = if missing.is_empty() {
            table
        } else if self.terms.open {
            catalog::extend(self.conn, &self.db.place, &table, missing)?
        } else {
            let names: Vec<&str> = missing.iter().map(|column| column.name.as_str()).collect();
            let message = format!("the table {} has no column {}", table.name, names.join(", "));
            return Err(Fault::new(FaultKind::Data, message)
                .hint("add it to the TABLE block, or set tables-open to true")
                .into());
        };
        self.known.insert(table.name.to_lowercase(), table.clone());
        Ok(table)
    }

    /// The rows of a table that pass, without what the caller may not read; none when there is no such table.
    pub(crate) fn find(&mut self, name: &str, wanted: &Wanted) -> Outcome<Option<Rows>> {
        let Some(table) = self.table(name)? else {
            return Ok(None);
        };
        let found = self.scan(&table, wanted, false)?;
        Ok(Some(
            found.into_iter().map(|found| self.visible(&table, found.row)).collect(),
        ))
    }

    /// The row without what the caller may not read.
    fn visible(&self, table: &Table, row: Map) -> Map {
        let may_read = |name: &str| table.column(name).is_none_or(|column| self.terms.roles.reads(column));
        row.into_iter().filter(|(name, _)| may_read(name)).collect()
    }

    fn note(&mut self, table: &Table, operation: Operation, row: &Map, old: &Map) {
        let name = table.name.to_lowercase();
        if self.terms.watched.contains(&(name, operation)) {
            self.changes.push(Changed {
                table: table.name.clone(),
                operation,
                row: row.clone(),
                old: old.clone(),
                depth: self.terms.depth,
            });
        }
    }

    /// An id that is the same for every try of this call.
    fn fresh_id(&mut self) -> Value {
        self.made += 1;
        let digest = Sha256::new()
            .chain_update(&self.key)
            .chain_update(self.made.to_be_bytes())
            .finalize();
        let mut bytes = [0_u8; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, hashed)| *byte = hashed);
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        Value::text(id.hyphenated().to_string())
    }
}

/// The name of a table as scripts write it: `.Products` is `Products`.
pub(super) fn table_name(name: &str) -> &str {
    let name = name.trim();
    name.strip_prefix('.').unwrap_or(name)
}
