//! The database of one bot.

use std::collections::HashMap;

use botlib::BotId;
use botstate::Db;
use parking_lot::Mutex;

use super::sql::Place;

/// Where a bot's tables are.
#[derive(Debug)]
pub(crate) struct BotDb {
    pub(super) db: Db,
    pub(super) place: Place,
    /// The last row number that was given out for each table, kept or not.
    given: Mutex<HashMap<String, i64>>,
}

impl BotDb {
    /// A file of the bot's own.
    pub(super) fn file(db: Db) -> Self {
        Self {
            db,
            place: Place {
                prefix: String::new(),
                postgres: false,
            },
            given: Mutex::default(),
        }
    }

    /// A schema of the bot's own in the server's database.
    pub(super) fn schema(db: Db, bot: BotId) -> Self {
        Self {
            db,
            place: Place {
                prefix: format!("\"bot_{}\".", bot.as_uuid().simple()),
                postgres: true,
            },
            given: Mutex::default(),
        }
    }

    /// The number for a new row of a table whose next is `next`, so that what a transaction was tried with is never
    /// given to another.
    pub(super) fn reserve(&self, table: &str, next: i64) -> i64 {
        let mut given = self.given.lock();
        let last = given.entry(table.to_owned()).or_default();
        *last = (*last + 1).max(next);
        *last
    }
}
