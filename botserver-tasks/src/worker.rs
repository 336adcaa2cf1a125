//! Does what is due: sleeps until then, and not a moment on a clock of its own.

use std::{collections::HashSet, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use botlib::NodeId;
use botstate::{
    AppState, Lifecycle,
    config::DatabaseUrl,
    db::{self, DbTime, DbUuid},
    dialog::Bots,
    job::{Job, JobError},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::{
    jobs::schedules as due,
    presence::Presence,
    queue::Queue,
    store::{
        jobs::{self, DEAD, DONE, End, Row, WAITING},
        schedules, waits,
    },
};

/// Jobs that run at the same time on a node.
const AT_ONCE: usize = 16;
/// A node that has not renewed its lease on a job for so long is taken to be gone.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// The longest sleep: another node may have added a job, or gone away with one.
const LOOK: Duration = Duration::from_secs(30);
/// The sleep after a job was added in PostgreSQL, whose commit may come after the look.
const SOON: Duration = Duration::from_millis(200);
/// Tries of a job before it is put aside.
const TRIES: i32 = 10;
/// The wait before the second try; it doubles with each further one, up to an hour.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// How long jobs are known that are done.
const KEEP: TimeDelta = TimeDelta::days(7);
/// Schedules that are made into jobs in one look.
const SCHEDULES: i64 = 100;

/// Works through the queue of a node.
#[derive(Clone)]
pub(crate) struct Worker {
    queue: Queue,
    bots: Option<Arc<dyn Bots>>,
    lifecycle: Lifecycle,
    node: Arc<str>,
    slots: Arc<Semaphore>,
    /// The jobs that this node works on.
    running: Arc<Mutex<HashSet<DbUuid>>>,
    /// On a file of this machine: whose jobs nobody works on any more is known before their leases end.
    presence: Option<Arc<Presence>>,
}

impl Worker {
    pub(crate) fn new(state: &AppState, queue: &Queue) -> Self {
        // Two services of one process are told apart, as tests have them.
        let node = format!("{}-{}", state.node, NodeId::new());
        let presence = match &state.config.database.url {
            DatabaseUrl::Sqlite(path) => Presence::of(path, &node)
                .inspect_err(|error| {
                    tracing::warn!(%error, "jobs that were cut off wait for their leases to end");
                })
                .ok(),
            DatabaseUrl::Postgres(_) => None,
        };
        Self {
            queue: queue.clone(),
            bots: state.ports.bots.clone(),
            lifecycle: state.lifecycle.clone(),
            node: node.into(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            running: Arc::default(),
            presence: presence.map(Arc::new),
        }
    }

    /// Works until the server drains.
    pub(crate) async fn serve(self) {
        let draining = self.lifecycle.draining();
        let mut is_released = false;
        let mut swept: Option<DateTime<Utc>> = None;
        let mut was_rung = false;
        loop {
            if !is_released {
                is_released = self.release().await;
            }
            let now = self.queue.clock.now();
            if swept.is_none_or(|at| now - at > TimeDelta::hours(1)) {
                swept = Some(now);
                self.sweep(now).await;
            }
            let mut nap = self.round(was_rung).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "jobs were not looked for");
                Duration::from_secs(1)
            });
            if !is_released || (was_rung && self.queue.db.kind() == "postgres") {
                nap = nap.min(SOON);
            }
            was_rung = tokio::select! {
                () = tokio::time::sleep(nap) => false,
                () = self.queue.bell.notified() => true,
                () = draining.cancelled() => return,
            };
        }
    }

    /// Gives back what nodes work on that are gone; true when no other node works on anything.
    async fn release(&self) -> bool {
        let Some(presence) = self.presence.clone() else {
            return true;
        };
        let own = Arc::clone(&self.node);
        let released = self.queue.db.write(move |conn| {
            let others: Vec<String> = jobs::holders(conn)?;
            let (gone, there): (Vec<_>, Vec<_>) = others
                .into_iter()
                .filter(|node| **node != *own)
                .partition(|node| presence.is_gone(node));
            let count = jobs::release(conn, &gone)?;
            Ok::<_, db::Error>((count, there.is_empty()))
        });
        match released.await {
            Ok((0, is_alone)) => is_alone,
            Ok((count, is_alone)) => {
                tracing::info!("{count} jobs that were cut off are done again");
                is_alone
            }
            Err(error) => {
                tracing::warn!(%error, "jobs that were cut off were not looked for");
                false
            }
        }
    }

    async fn sweep(&self, now: DateTime<Utc>) {
        let swept = self.queue.db.write(move |conn| {
            waits::sweep(conn, now)?;
            jobs::sweep(conn, now, KEEP).map_err(db::Error::from)
        });
        if let Err(error) = swept.await {
            tracing::warn!(%error, "old jobs were not swept");
        }
        let sweeps = self.queue.sweeps.read().clone();
        for sweep in sweeps {
            if let Err(error) = sweep.sweep(now).await {
                tracing::warn!(%error, "what is old was not swept");
            }
        }
    }

    /// Starts what is due and gives how long nothing else is.
    async fn round(&self, was_rung: bool) -> Result<Duration, db::Error> {
        let now = self.queue.clock.now();
        let kinds = self.queue.handlers.kinds();
        let free = self.slots.available_permits();
        let wanted = kinds.clone();
        let look = move |conn: &mut db::Connection| {
            let schedule = schedules::next_due(conn)?;
            let job = jobs::next_due(conn, &wanted)?;
            Ok::<_, db::Error>((schedule, job))
        };
        // Whoever rings has not committed yet. SQLite's one writer has when it comes to us.
        let (schedule, job) = if was_rung {
            self.queue.db.write(look).await?
        } else {
            self.queue.db.read(look).await?
        };
        if schedule.is_some_and(|at| at <= now) {
            let bots = self.bots.clone();
            let made = self
                .queue
                .db
                .write(move |conn| due::fire(conn, bots.as_deref(), now, SCHEDULES).map_err(db::Error::from));
            made.await?;
            return Ok(Duration::ZERO);
        }
        if job.is_some_and(|at| at <= now) && free > 0 {
            let (node, until) = (Arc::clone(&self.node), now + LEASE);
            let limit = i64::try_from(free).unwrap_or(1);
            // A clock that jumps ends the leases of jobs that are being done here.
            let busy: Vec<DbUuid> = self.running.lock().iter().copied().collect();
            let claimed = self
                .queue
                .db
                .write(move |conn| jobs::claim(conn, &kinds, &busy, &node, now, until, limit).map_err(db::Error::from));
            let claimed = claimed.await?;
            let is_idle = claimed.is_empty();
            for row in claimed {
                self.start(row);
            }
            // Another node may have been faster with all of them.
            return Ok(if is_idle { SOON } else { Duration::ZERO });
        }
        let due = match free {
            // The end of a job rings.
            0 => schedule,
            _ => [schedule, job].into_iter().flatten().min(),
        };
        let nap = due.map_or(LOOK, |due| (due - now).to_std().unwrap_or_default());
        Ok(nap.min(LOOK))
    }

    fn start(&self, row: Row) {
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            // Its lease ends by itself; the slots were counted before, so this does not happen.
            return;
        };
        let worker = self.clone();
        let id = row.id;
        self.running.lock().insert(id);
        self.lifecycle.spawn(async move {
            worker.work(row).await;
            worker.running.lock().remove(&id);
            drop(slot);
            worker.queue.ring();
        });
    }

    async fn work(&self, row: Row) {
        let outcome = match self.queue.handlers.find(&row.kind) {
            None => Err(JobError::Again(format!(
                "nothing here does jobs of the kind {}",
                row.kind
            ))),
            Some(handler) => match job(&row) {
                Err(error) => Err(JobError::Never(format!("the job cannot be read: {error}"))),
                Ok(job) => {
                    let mut work = AssertUnwindSafe(handler.run(job)).catch_unwind();
                    loop {
                        tokio::select! {
                            result = &mut work => break result.unwrap_or_else(|_panic| {
                                Err(JobError::Again("the work broke off".to_owned()))
                            }),
                            () = tokio::time::sleep(renewal()) => self.renew(&row).await,
                        }
                    }
                }
            },
        };
        let word = match &outcome {
            Ok(()) => "done",
            Err(JobError::Again(_)) if row.attempts < TRIES => "again",
            Err(_) => "dead",
        };
        metrics::counter!("tasks_jobs_total", "kind" => row.kind.clone(), "outcome" => word).increment(1);
        self.note(row, outcome).await;
    }

    async fn renew(&self, row: &Row) {
        let (id, node, until) = (row.id, Arc::clone(&self.node), self.queue.clock.now() + LEASE);
        let renewed = self
            .queue
            .db
            .write(move |conn| jobs::renew(conn, id, &node, until).map_err(db::Error::from));
        match renewed.await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(job.id = %row.id.0, "a job is no longer this node's, which goes on with it"),
            Err(error) => tracing::warn!(job.id = %row.id.0, %error, "a job's lease was not renewed"),
        }
    }

    /// Notes how a try ended. Until that is committed the job is still this node's, and is done again when it dies.
    async fn note(&self, row: Row, outcome: Result<(), JobError>) {
        let now = self.queue.clock.now();
        let (state, due_at, error) = match &outcome {
            Ok(()) => (DONE, row.due_at.0, None),
            Err(JobError::Again(error)) if row.attempts < TRIES => {
                let wait = TimeDelta::from_std(wait(row.attempts)).unwrap_or_default();
                tracing::warn!(job.id = %row.id.0, job.kind = %row.kind, "a job is tried again: {error}");
                (WAITING, now + wait, Some(error.clone()))
            }
            Err(JobError::Again(error) | JobError::Never(error)) => {
                tracing::error!(job.id = %row.id.0, job.kind = %row.kind, "a job was given up: {error}");
                (DEAD, row.due_at.0, Some(error.clone()))
            }
        };
        for pause in [0, 1, 4, 10] {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            let (id, node, error) = (row.id, Arc::clone(&self.node), error.clone());
            let finished_at = (state != WAITING).then_some(now);
            let noted = self.queue.db.write(move |conn| {
                let end = End {
                    state,
                    due_at,
                    error: error.as_deref(),
                    finished_at,
                };
                jobs::end(conn, id, &node, &end).map_err(db::Error::from)
            });
            match noted.await {
                Ok(_) => return,
                Err(error) => tracing::warn!(job.id = %row.id.0, %error, "the end of a job was not noted"),
            }
        }
    }
}

fn job(row: &Row) -> Result<Job, serde_json::Error> {
    Ok(Job {
        id: row.id.0.to_string(),
        org: row.org_id.into(),
        bot: row.bot_id.map(Into::into),
        payload: serde_json::from_str(&row.payload)?,
        attempt: u32::try_from(row.attempts).unwrap_or(1),
    })
}

fn renewal() -> Duration {
    (LEASE / 3).to_std().unwrap_or(Duration::from_secs(20))
}

/// The wait after try number `attempts`: half of it by chance, so that jobs that failed together do not come together.
fn wait(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 12) - 1).unwrap_or_default();
    let full = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    let chance = uuid::Uuid::new_v4().as_u128() % 1000;
    let part = u32::try_from(500 + chance / 2).unwrap_or(1000);
    full * part / 1000
}

/// Makes the type of times that rows have nameable beside those of the port.
pub(crate) fn at(time: DateTime<Utc>) -> DbTime {
    DbTime(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_between_tries_grow_and_differ() {
        for (attempts, low, high) in [(1, 1000, 2000), (4, 8000, 16_000), (40, 1_800_000, 3_600_000)] {
            let waits: Vec<u128> = (0..50).map(|_| wait(attempts).as_millis()).collect();
            assert!(
                waits.iter().all(|wait| (low..=high).contains(wait)),
                "{attempts}: {waits:?}"
            );
            assert!(waits.iter().any(|wait| *wait != waits[0]));
        }
    }
}
