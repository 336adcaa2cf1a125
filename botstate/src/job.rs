//! The port to durable jobs: work that commits with the turn that asks for it and is done later, on some node.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use botlib::{BotId, ConversationId, OrgId, Value};
use chrono::{DateTime, Utc};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::{db, dialog::Operation, run::Order};

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

/// The kind of jobs that carry out an [`Order`].
pub const ORDER: &str = "order";
/// The kind of jobs that tell scripts and waiting dialogs of an event.
pub const EVENT: &str = "event";
/// The kind of jobs that tell scripts of a changed row.
pub const CHANGE: &str = "change";

/// The payload of an [`ORDER`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderJob {
    /// The order. Its key names the job as well.
    pub order: Order,
    /// Who waits for what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
}

/// Who wants to know what became of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The bot of the conversation.
    pub bot: BotId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The token of the dialog there that waits; without one the outcome is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// The payload of an [`EVENT`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventJob {
    /// The event's name; letter case does not count.
    pub name: String,
    /// What goes with it.
    #[serde(default)]
    pub data: Value,
    /// How many orders led to it.
    #[serde(default)]
    pub depth: u8,
}

/// The payload of a [`CHANGE`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeJob {
    /// The table.
    pub table: String,
    /// What happened to the row.
    pub operation: Operation,
    /// The row after the change; for a deletion the row before it.
    pub row: Value,
    /// The row before the change; null for a new one.
    #[serde(default)]
    pub old: Value,
    /// How many orders led to it.
    #[serde(default)]
    pub depth: u8,
}

impl NewJob {
    /// A job that carries out `order` when it is due, once for its key.
    pub fn order(org: OrgId, order: Order, reply: Option<Reply>, due_at: DateTime<Utc>) -> Self {
        let (bot, key) = (order.bot, order.key.clone());
        Self::of(org, bot, ORDER, &OrderJob { order, reply }, Some(key), due_at)
    }

    /// A job that tells the scripts and waiting dialogs of `bot` of an event.
    pub fn event(org: OrgId, bot: BotId, event: &EventJob, key: Option<String>, now: DateTime<Utc>) -> Self {
        Self::of(org, bot, EVENT, event, key, now)
    }

    /// A job that tells the scripts of `bot` of a changed row.
    pub fn change(org: OrgId, bot: BotId, change: &ChangeJob, now: DateTime<Utc>) -> Self {
        Self::of(org, bot, CHANGE, change, None, now)
    }

    fn of(
        org: OrgId,
        bot: BotId,
        kind: &'static str,
        payload: &impl Serialize,
        key: Option<String>,
        due_at: DateTime<Utc>,
    ) -> Self {
        Self {
            org,
            bot: Some(bot),
            kind,
            // Payloads hold nothing that JSON could refuse: their maps have texts as keys.
            payload: serde_json::to_value(payload).unwrap_or_default(),
            key,
            due_at,
        }
    }
}

/// Keeps jobs.
pub trait Jobs: Send + Sync + 'static {
    /// The change that adds a job. Nobody works on it before that change is committed.
    fn enqueue(&self, job: NewJob) -> db::Change;

    /// The change that takes a job back that has not begun, by its key.
    fn cancel(&self, org: OrgId, key: String) -> db::Change;

    /// Says that work of this kind is done by `handler` in this process.
    fn handle(&self, kind: &'static str, handler: Arc<dyn JobHandler>);

    /// Lets `sweep` look for what is old, about once an hour.
    fn sweep(&self, sweep: Arc<dyn Sweep>);
}

/// Deletes what nobody needs any more. Every node does it, so a second time must change nothing.
#[async_trait]
pub trait Sweep: Send + Sync + 'static {
    /// Deletes what is old at `now`.
    ///
    /// # Errors
    /// When the database refuses; the next time tries again.
    async fn sweep(&self, now: DateTime<Utc>) -> Result<(), db::Error>;
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
