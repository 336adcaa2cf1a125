//! The port to durable jobs: work that commits with the turn that asks for it and is done later, on some node.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use botlib::{BotId, OrgId};
use chrono::{DateTime, Utc};
use parking_lot::RwLock;

use crate::db;

/// A job to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Whose it is.
    pub org: OrgId,
    /// The bot that it works for.
    pub bot: Option<BotId>,
    /// What kind of work; a [`JobHandler`] of that kind does it.
    pub kind: &'static str,
    /// What the handler needs to know.
    pub payload: serde_json::Value,
    /// Names the job: while a job with the same key is known, done or not, a second one is not added.
    pub key: Option<String>,
    /// When it is due.
    pub due_at: DateTime<Utc>,
}

/// Keeps jobs.
pub trait Jobs: Send + Sync + 'static {
    /// The change that adds a job. Nobody works on it before that change is committed.
    fn enqueue(&self, job: NewJob) -> db::Change;

    /// The change that takes a job back that has not begun, by its key.
    fn cancel(&self, org: OrgId, key: String) -> db::Change;

    /// Says that work of this kind is done by `handler` in this process.
    fn handle(&self, kind: &'static str, handler: Arc<dyn JobHandler>);
}

/// A job as its handler gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The id: the same for every try, so it serves as an idempotency key.
    pub id: String,
    /// Whose it is.
    pub org: OrgId,
    /// The bot that it works for.
    pub bot: Option<BotId>,
    /// What it needs to know.
    pub payload: serde_json::Value,
    /// Counts the tries from 1.
    pub attempt: u32,
}

/// Does the work of one kind. A job may be handed over more than once: after a crash, and after a failure.
#[async_trait]
pub trait JobHandler: Send + Sync + 'static {
    /// Does the job.
    ///
    /// # Errors
    /// Why it was not done and whether another try may help.
    async fn run(&self, job: Job) -> Result<(), JobError>;
}

/// Why a job was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Another try may help.
    #[error("{0}")]
    Again(String),
    /// It will never succeed: it is put aside for people to look at.
    #[error("{0}")]
    Never(String),
}

/// Handlers by the kind of their jobs.
#[derive(Clone, Default)]
pub struct Handlers(Arc<RwLock<BTreeMap<&'static str, Arc<dyn JobHandler>>>>);

impl Handlers {
    /// Adds a handler; a later one of the same kind replaces it.
    pub fn add(&self, kind: &'static str, handler: Arc<dyn JobHandler>) {
        self.0.write().insert(kind, handler);
    }

    /// The handler of a kind.
    pub fn find(&self, kind: &str) -> Option<Arc<dyn JobHandler>> {
        self.0.read().get(kind).cloned()
    }

    /// Every kind that has a handler.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.0.read().keys().copied().collect()
    }
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.kinds()).finish()
    }
}
