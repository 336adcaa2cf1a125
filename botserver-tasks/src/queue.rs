//! The queue: where jobs are added, and who is told of it.

use std::sync::Arc;

use botlib::{Clock, OrgId};
use botstate::{
    AppState, Db, db,
    job::{Handlers, JobHandler, Jobs, NewJob, Sweep},
};
use parking_lot::RwLock;
use tokio::sync::Notify;

use crate::store::jobs;

/// The port to jobs; cheap to clone.
#[derive(Clone)]
pub struct Queue {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) handlers: Handlers,
    /// Who looks for what is old.
    pub(crate) sweeps: Arc<RwLock<Vec<Arc<dyn Sweep>>>>,
    /// Rings when there may be something to do sooner than was thought.
    pub(crate) bell: Arc<Notify>,
}

impl Queue {
    /// The queue in the database of `state`.
    pub fn new(state: &AppState) -> Self {
        Self {
            db: state.db.clone(),
            clock: Arc::clone(&state.clock),
            handlers: Handlers::default(),
            sweeps: Arc::default(),
            bell: Arc::default(),
        }
    }

    /// Lets the worker look at once, such as after a clock of tests was moved.
    pub fn ring(&self) {
        self.bell.notify_one();
    }
}

impl Jobs for Queue {
    fn enqueue(&self, job: NewJob) -> db::Change {
        let (now, bell) = (self.clock.now(), Arc::clone(&self.bell));
        Box::new(move |conn| {
            jobs::create(conn, &job, now)?;
            // Before the commit: the worker knows, and looks where or when it can be seen.
            bell.notify_one();
            Ok(())
        })
    }

    fn cancel(&self, org: OrgId, key: String) -> db::Change {
        Box::new(move |conn| jobs::cancel(conn, org, &key))
    }

    fn handle(&self, kind: &'static str, handler: Arc<dyn JobHandler>) {
        self.handlers.add(kind, handler);
        self.ring();
    }

    fn sweep(&self, sweep: Arc<dyn Sweep>) {
        self.sweeps.write().push(sweep);
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}
