//! What tests of bots ask for: that all work is done, and what is planned.

use std::time::{Duration, Instant};

use botlib::Value;
use botstate::{
    db,
    dialog::{Bot, Fault},
};
use chrono::{DateTime, Utc};

use super::TasksService;
use crate::{
    jobs::declared::{self, zone},
    keywords::rule_of,
    store::{jobs, schedules},
};

/// How long to wait before looking again whether all work is done.
const PAUSE: Duration = Duration::from_millis(20);

/// A script that a bot runs at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The script, or the block of one.
    pub script: String,
    /// When: the rule as it was written, or a moment.
    pub when: String,
    /// When it runs next.
    pub next: Option<DateTime<Utc>>,
}

impl TasksService {
    /// Waits until nothing runs and nothing is due, for tests of bots; false when that is not so within `patience`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn settle(&self, patience: Duration) -> Result<bool, db::Error> {
        let end = Instant::now() + patience;
        loop {
            let now = self.queue.clock.now();
            let look = self.queue.db.write(move |conn| {
                let schedule = schedules::next_due(conn)?;
                Ok::<_, db::Error>(schedule.is_some_and(|at| at <= now) || jobs::is_busy(conn, now)?)
            });
            if !look.await? {
                return Ok(true);
            }
            if Instant::now() > end {
                return Ok(false);
            }
            self.ring();
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Plans what packages declare now, and not when the worker comes to it.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn plan_declared(&self) -> Result<(), db::Error> {
        match self.kit.bots.get() {
            Some(bots) => declared::compare(&self.queue, &**bots).await,
            None => Ok(()),
        }
    }

    /// All that is planned for a bot, by script.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_planned(&self, bot: &Bot) -> Result<Vec<Planned>, db::Error> {
        let (org, id) = (bot.org, bot.id);
        let rows = self
            .queue
            .db
            .read(move |conn| schedules::list_of_bot(conn, org, id).map_err(db::Error::from));
        let planned = rows.await?.into_iter().map(|row| Planned {
            script: row.script,
            when: row.rule,
            next: row.next_at.map(|at| at.0),
        });
        Ok(planned.collect())
    }

    /// Whether two rules mean the same times for a bot, however they are written.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn is_same_rule(&self, bot: &Bot, one: &str, other: &str) -> Result<bool, Fault> {
        let zone = zone(bot);
        Ok(rule_of(Value::text(one), zone)? == rule_of(Value::text(other), zone)?)
    }
}
