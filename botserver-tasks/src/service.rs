//! The rules: who may see and start which job, and what a request from outside may cause.

mod approvals;
mod trial;
mod webhooks;

use std::sync::Arc;

use botlib::{Caller, Page};
use botstate::{
    AppState, db,
    dialog::{Bot, Bots},
    event::EventBus,
    job::{CHANGE, EVENT, Jobs, ORDER},
    keyword::Registry,
    rows::RowChanges,
    run::{Late, Runner},
    service::Service,
};
use uuid::Uuid;

use crate::{
    error::Error,
    jobs::{
        declared::Declared,
        events::{Changes, Events},
        orders::Orders,
        parallel::{Branches, PARALLEL},
        rows::Rows,
        schedules::job,
    },
    keywords::{self, Kit},
    queue::Queue,
    store::{jobs, schedules},
    worker::Worker,
};

pub(crate) use approvals::{Approval, approval_link};
pub use trial::Planned;
pub(crate) use webhooks::{Answer, Posted, Request, key};

/// Jobs, schedules, events and webhooks of this server; cheap to clone.
#[derive(Clone)]
pub struct TasksService {
    pub(crate) queue: Queue,
    kit: Kit,
    runner: Late<dyn Runner>,
    events: EventBus,
    base: Arc<str>,
    patience: std::time::Duration,
}

impl TasksService {
    /// The service over the state's handles. Register its keywords and put [`TasksService::jobs`] into the ports, then
    /// compose the other domains, then [start](Self::start).
    pub fn new(state: &AppState) -> Self {
        let queue = Queue::new(state);
        let url = state.config.http.public_url.as_ref();
        let base: Arc<str> = url.map_or("", |url| url.as_str().trim_end_matches('/')).into();
        Self {
            kit: Kit {
                queue: queue.clone(),
                bots: Late::default(),
                base: Arc::clone(&base),
            },
            queue,
            runner: state.ports.runner.clone(),
            events: state.events.clone(),
            base,
            // A little less than the server gives a request, so that the script is what ends.
            patience: state.config.http.request_timeout * 9 / 10,
        }
    }

    /// The port to jobs.
    pub fn jobs(&self) -> Arc<dyn Jobs> {
        Arc::new(self.queue.clone())
    }

    /// Starts to do what is due. The bots must be mounted.
    pub fn start(&self, state: &AppState) {
        let bots = state.ports.bots.clone();
        if let Some(bots) = &bots {
            self.kit.bots.fill(Arc::clone(bots));
        }
        let handlers = &self.queue.handlers;
        let runner = || self.runner.clone();
        handlers.add(ORDER, Arc::new(Orders { runner: runner() }));
        handlers.add(PARALLEL, Arc::new(Branches { runner: runner() }));
        let queue = || self.queue.clone();
        handlers.add(
            EVENT,
            Arc::new(Events {
                queue: queue(),
                bots: bots.clone(),
            }),
        );
        handlers.add(
            CHANGE,
            Arc::new(Changes {
                queue: queue(),
                bots: bots.clone(),
            }),
        );
        state.lifecycle.spawn(Worker::new(state, &self.queue).serve());
        if let Some(bots) = bots {
            let declared = Declared {
                queue: queue(),
                bots,
                events: self.events.clone(),
                lifecycle: state.lifecycle.clone(),
            };
            state.lifecycle.spawn(declared.serve());
        }
    }

    /// Starts to run the scripts that changes of rows start.
    pub fn follow_rows(&self, state: &AppState, changes: Arc<dyn RowChanges>) {
        let Some(bots) = state.ports.bots.clone() else {
            return;
        };
        let rows = Rows {
            queue: self.queue.clone(),
            bots,
            changes,
            events: self.events.clone(),
            lifecycle: state.lifecycle.clone(),
        };
        state.lifecycle.spawn(rows.serve());
    }

    /// Lets the worker look at once, such as after a clock of tests was moved.
    pub fn ring(&self) {
        self.queue.ring();
    }

    /// A page of the organisation's jobs, the newest first.
    pub(crate) async fn list_jobs(
        &self,
        caller: &Caller,
        state: Option<String>,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Page<jobs::Row>, Error> {
        let (org, wanted) = (caller.org, i64::try_from(limit + 1).unwrap_or(i64::MAX));
        let rows = self
            .queue
            .db
            .read(move |conn| jobs::list(conn, org, state.as_deref(), before, wanted).map_err(db::Error::from))
            .await?;
        Ok(Page::of(rows, limit, |row| row.id.0.to_string()))
    }

    /// Lets a job run now.
    pub(crate) async fn run_job(&self, caller: &Caller, id: Uuid) -> Result<(), Error> {
        let (org, now) = (caller.org, self.queue.clock.now());
        let found = self
            .queue
            .db
            .write(move |conn| jobs::run_now(conn, org, id, now).map_err(db::Error::from))
            .await?;
        self.queue.ring();
        if found {
            Ok(())
        } else {
            Err(Error::Unknown("job that waits or was given up"))
        }
    }

    /// A page of the organisation's schedules.
    pub(crate) async fn list_schedules(
        &self,
        caller: &Caller,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Page<schedules::Row>, Error> {
        let (org, wanted) = (caller.org, i64::try_from(limit + 1).unwrap_or(i64::MAX));
        let rows = self
            .queue
            .db
            .read(move |conn| schedules::list(conn, org, after, wanted).map_err(db::Error::from))
            .await?;
        Ok(Page::of(rows, limit, |row| row.id.0.to_string()))
    }

    /// Runs what is scheduled now, besides its times.
    pub(crate) async fn run_schedule(&self, caller: &Caller, id: Uuid) -> Result<(), Error> {
        let (org, now) = (caller.org, self.queue.clock.now());
        let found = self
            .queue
            .db
            .write(move |conn| {
                let row = schedules::find(conn, org, id)?;
                if let Some(row) = &row {
                    jobs::create(conn, &job(row, &format!("now:{}", Uuid::now_v7()), now), now)?;
                }
                Ok::<_, db::Error>(row.is_some())
            })
            .await?;
        self.queue.ring();
        if found { Ok(()) } else { Err(Error::Unknown("schedule")) }
    }

    /// Takes a schedule away; one that a package declares comes back with the next version of the package.
    pub(crate) async fn delete_schedule(&self, caller: &Caller, id: Uuid) -> Result<(), Error> {
        let org = caller.org;
        let found = self
            .queue
            .db
            .write(move |conn| schedules::delete(conn, org, id).map_err(db::Error::from))
            .await?;
        if found { Ok(()) } else { Err(Error::Unknown("schedule")) }
    }

    fn bots(&self) -> Result<&Arc<dyn Bots>, Error> {
        self.kit.bots.get().ok_or(Error::NotBuiltIn("bots"))
    }

    fn bot(&self, name: &str) -> Result<Arc<Bot>, Error> {
        self.bots()?.find(name).ok_or(Error::UnknownEndpoint)
    }
}

impl Service for TasksService {
    fn name(&self) -> &'static str {
        "tasks"
    }

    fn register_keywords(&self, registry: &mut Registry) {
        for keyword in keywords::keywords(Some(&self.kit)) {
            registry.register(keyword);
        }
    }
}

impl std::fmt::Debug for TasksService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TasksService")
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}
