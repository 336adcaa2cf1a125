//! Conversations that bots had with themselves, such as the run of a schedule, are not kept for ever.

use std::time::Duration;

use async_trait::async_trait;
use botstate::{Db, db, job::Sweep};
use chrono::{DateTime, TimeDelta, Utc};

use crate::store::conversations;

/// Conversations that one transaction deletes: others wait for it.
const AT_ONCE: i64 = 100;

/// Deletes what was finished long ago.
pub(crate) struct Finished {
    pub(crate) db: Db,
    /// How long it is kept.
    pub(crate) keep: Duration,
}

#[async_trait]
impl Sweep for Finished {
    async fn sweep(&self, now: DateTime<Utc>) -> Result<(), db::Error> {
        let keep = TimeDelta::from_std(self.keep).unwrap_or(TimeDelta::MAX);
        let Some(before) = now.checked_sub_signed(keep) else {
            return Ok(());
        };
        let mut count = 0;
        loop {
            let deleting = self
                .db
                .write(move |conn| conversations::delete_finished(conn, before, AT_ONCE).map_err(db::Error::from));
            match deleting.await? {
                0 => break,
                deleted => count += deleted,
            }
        }
        if count > 0 {
            tracing::info!("{count} finished runs of bots were deleted");
        }
        Ok(())
    }
}
