//! Turns changed rows of bots' tables into jobs.

use std::{sync::Arc, time::Duration};

use botlib::{BotId, Value};
use botstate::{
    Lifecycle, db,
    dialog::{Bot, Bots, Fault, FaultKind, TriggerKind},
    event::{Event, EventBus, Notice},
    job::{ChangeJob, Jobs as _, NewJob},
    rows::RowChanges,
};
use futures::StreamExt as _;

use crate::queue::Queue;

/// How often changes are looked for of which nobody has told.
const LOOK: Duration = Duration::from_secs(30);
/// Changes that become jobs at once.
const AT_ONCE: usize = 100;

/// Follows the changes of all bots.
pub(crate) struct Rows {
    pub(crate) queue: Queue,
    pub(crate) bots: Arc<dyn Bots>,
    pub(crate) changes: Arc<dyn RowChanges>,
    pub(crate) events: EventBus,
    pub(crate) lifecycle: Lifecycle,
}

impl Rows {
    /// Looks at once, when told of a change, and now and then.
    pub(crate) async fn serve(self) {
        let draining = self.lifecycle.draining();
        loop {
            let mut notices = match self.events.subscribe().await {
                Ok(notices) => notices,
                Err(error) => {
                    tracing::warn!(%error, "changes of tables are not heard");
                    if draining.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
                        return;
                    }
                    continue;
                }
            };
            self.look_everywhere().await;
            loop {
                tokio::select! {
                    () = draining.cancelled() => return,
                    () = tokio::time::sleep(LOOK) => self.look_everywhere().await,
                    notice = notices.next() => match notice {
                        Some(Notice::Event(Event::RowsChanged { bot })) => self.look(bot).await,
                        Some(Notice::Gap) => self.look_everywhere().await,
                        Some(Notice::Event(_)) => {}
                        None => break,
                    },
                }
            }
        }
    }

    async fn look_everywhere(&self) {
        for bot in self.bots.list() {
            if watches(&bot) {
                self.look(bot.id).await;
            }
        }
    }

    async fn look(&self, bot: BotId) {
        if let Err(fault) = self.deliver(bot).await {
            tracing::warn!(bot.id = %bot, %fault, "changes of tables wait");
        }
    }

    /// Makes a job of each change, then forgets the changes. Whatever dies in between is done again under the same key.
    async fn deliver(&self, id: BotId) -> Result<(), Fault> {
        let Some(bot) = self.bots.get(id) else { return Ok(()) };
        loop {
            // From the first one, since numbers may become visible out of order.
            let changes = self.changes.take_changes(id, 0, AT_ONCE).await?;
            if changes.is_empty() {
                return Ok(());
            }
            let seqs: Vec<i64> = changes.iter().map(|change| change.seq).collect();
            let now = self.queue.clock.now();
            let jobs: Vec<db::Change> = changes
                .into_iter()
                .map(|change| {
                    // The moment as well: a table that is made anew counts from 1 again.
                    let key = format!("change:{id}:{}:{}", change.seq, change.at.timestamp_micros());
                    let payload = ChangeJob {
                        table: change.table,
                        operation: change.operation,
                        row: Value::Map(change.row),
                        old: if change.old.is_empty() {
                            Value::Null
                        } else {
                            Value::Map(change.old)
                        },
                        depth: change.depth,
                    };
                    let job = NewJob {
                        key: Some(key),
                        ..NewJob::change(bot.org, id, &payload, now)
                    };
                    self.queue.enqueue(job)
                })
                .collect();
            let written = self.queue.db.write(move |conn| {
                for job in jobs {
                    job(conn)?;
                }
                Ok::<_, db::Error>(())
            });
            written
                .await
                .map_err(|error| Fault::new(FaultKind::Data, error.to_string()))?;
            self.changes.forget_changes(id, seqs).await?;
        }
    }
}

fn watches(bot: &Bot) -> bool {
    bot.triggers
        .iter()
        .any(|trigger| matches!(trigger.kind, TriggerKind::Change { .. }))
}
