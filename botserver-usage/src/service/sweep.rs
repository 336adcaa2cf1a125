//! What is old goes, and so does what died with its node.

use std::collections::BTreeMap;

use async_trait::async_trait;
use botstate::{db, job::Sweep};
use chrono::{DateTime, TimeDelta, Utc};

use super::LOST;
use crate::{
    ledger::Desk,
    model::Period,
    store::{calls, counters},
};

/// Rows that one transaction deletes: others wait for it.
const AT_ONCE: i64 = 500;

/// Deletes old calls and counters, and gives back what was reserved by calls that nobody makes any more.
pub(crate) struct Old(pub(crate) Desk);

impl Old {
    /// Gives back what lost calls had reserved.
    pub(crate) async fn release_lost(&self, now: DateTime<Utc>) -> Result<(), db::Error> {
        let before = now - TimeDelta::from_std(LOST).unwrap_or(TimeDelta::MAX);
        loop {
            let released = self.0.db().write(move |conn| {
                let lost = counters::list_lost(conn, before, AT_ONCE)?;
                let mut changes = BTreeMap::new();
                for id in &lost {
                    counters::release(conn, *id, &mut changes)?;
                }
                counters::change(conn, changes)?;
                Ok::<_, db::Error>(lost.len())
            });
            match released.await? {
                0 => return Ok(()),
                count => tracing::warn!("{count} calls of models were lost with the nodes that made them"),
            }
        }
    }
}

#[async_trait]
impl Sweep for Old {
    async fn sweep(&self, now: DateTime<Utc>) -> Result<(), db::Error> {
        self.release_lost(now).await?;
        let keep = self.0.config().keep.and_then(|keep| TimeDelta::from_std(keep).ok());
        let Some(before) = keep.and_then(|keep| now.checked_sub_signed(keep)) else {
            return Ok(());
        };
        let mut count = 0;
        loop {
            let deleting = self
                .0
                .db()
                .write(move |conn| calls::delete_before(conn, before, AT_ONCE).map_err(db::Error::from));
            match deleting.await? {
                0 => break,
                deleted => count += deleted,
            }
        }
        let day = Period::Day.at(before);
        let deleting = self
            .0
            .db()
            .write(move |conn| counters::delete_before(conn, &day).map_err(db::Error::from));
        deleting.await?;
        if count > 0 {
            tracing::info!("{count} old calls of models were deleted from the ledger");
        }
        Ok(())
    }
}
