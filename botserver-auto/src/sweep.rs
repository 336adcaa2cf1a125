//! Programs of earlier versions of packages are not kept for ever.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use botstate::{Db, db, job::Sweep};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{bots::Shelf, store::programs};

/// Deletes programs that neither a bot nor a waiting dialog runs any more.
pub(crate) struct Unused {
    pub(crate) db: Db,
    pub(crate) shelf: Arc<Shelf>,
    /// How long they are kept.
    pub(crate) keep: Duration,
}

#[async_trait]
impl Sweep for Unused {
    async fn sweep(&self, now: DateTime<Utc>) -> Result<(), db::Error> {
        let keep = TimeDelta::from_std(self.keep).unwrap_or(TimeDelta::MAX);
        let Some(before) = now.checked_sub_signed(keep) else {
            return Ok(());
        };
        let mut running = HashSet::new();
        for mounted in self.shelf.all() {
            let bot = mounted.bot.id;
            running.extend(mounted.programs().map(|(_, program)| (bot, program.hash().to_owned())));
        }
        let deleting = self
            .db
            .write(move |conn| programs::delete_unused(conn, before, &running).map_err(db::Error::from));
        let count = deleting.await?;
        if count > 0 {
            tracing::info!("{count} programs of earlier versions were deleted");
        }
        Ok(())
    }
}
