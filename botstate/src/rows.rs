//! The port by which changes of bots' tables reach the scripts that they start.

use async_trait::async_trait;
use botlib::{BotId, value::Map};
use chrono::{DateTime, Utc};

use crate::dialog::{Fault, Operation};

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
