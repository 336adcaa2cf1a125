//! The ports to the bots' tables: changes that start scripts, and questions of readers.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{BotId, Caller, value::Map};
use chrono::{DateTime, Utc};

use crate::dialog::{Bot, Fault, Operation};

/// A change of a row for which the bot has a trigger. It was committed together with the row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange {
    /// Its number in the bot's list of changes; larger for later ones. Numbers may become visible out of order.
    pub seq: i64,
    /// The table, as it is declared.
    pub table: String,
    /// What happened.
    pub operation: Operation,
    /// The row after the change; for a row that is gone, as it was.
    pub row: Map,
    /// The row before the change; empty for a new one.
    pub old: Map,
    /// How many orders led to it: 0 when a person's turn made it.
    pub depth: u8,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// Changes that wait for the scripts which they start. An [`Event::RowsChanged`](crate::event::Event::RowsChanged)
/// tells after a commit that there are some; whoever delivers them looks when it hears one, and now and then, since
/// events may be lost and changes are not.
#[async_trait]
pub trait RowChanges: Send + Sync + 'static {
    /// Changes of the bot's rows after `seq`, the oldest first, at most `limit`. They stay until they are
    /// [forgotten](Self::forget_changes): deliver each under a key made of bot and number, then forget it. Since numbers may
    /// become visible out of order, ask from 0 and not from the last one seen.
    ///
    /// # Errors
    /// When the database of the bot cannot be read.
    async fn take_changes(&self, bot: BotId, after_seq: i64, limit: usize) -> Result<Vec<RowChange>, Fault>;

    /// Forgets changes that were delivered.
    ///
    /// # Errors
    /// When the database of the bot cannot be written.
    async fn forget_changes(&self, bot: BotId, seqs: Vec<i64>) -> Result<(), Fault>;
}

/// A table as a reader may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOutline {
    /// The name.
    pub name: String,
    /// The columns that the reader may read, with what they hold, such as `text` or `number`.
    pub columns: Vec<(String, &'static str)>,
}

/// What a query gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selected {
    /// The tables that were asked.
    pub tables: Vec<String>,
    /// The rows, in order.
    pub rows: Vec<Map>,
    /// Whether there were more.
    pub is_cut: bool,
}

/// Answers questions over the tables of a bot, each with the roles of its reader. Nothing that the reader may not read
/// has any influence on what comes back.
#[async_trait]
pub trait TableQueries: Send + Sync + 'static {
    /// The tables that the reader may read.
    ///
    /// # Errors
    /// When the database of the bot cannot be read.
    async fn outlines(&self, bot: &Arc<Bot>, reader: &Caller) -> Result<Vec<TableOutline>, Fault>;

    /// The rows of one `SELECT` in the language's own grammar. The text never reaches a database.
    ///
    /// # Errors
    /// [`FaultKind::Argument`](crate::dialog::FaultKind::Argument) when it is no such query,
    /// [`FaultKind::NotFound`](crate::dialog::FaultKind::NotFound) for names that the reader knows nothing of,
    /// [`FaultKind::Limit`](crate::dialog::FaultKind::Limit) when it would look at too many rows.
    async fn select(&self, bot: &Arc<Bot>, reader: &Caller, query: &str) -> Result<Selected, Fault>;
}
