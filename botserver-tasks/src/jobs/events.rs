//! Tells scripts and waiting dialogs of events and changed rows.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{BotId, OrgId, Value, value::Map};
use botstate::{
    db::{self, Change},
    dialog::{Bot, Bots, TriggerKind},
    job::{ChangeJob, EventJob, Job, JobError, JobHandler, Jobs, NewJob},
    run::{Channel, Order, Task},
};

use super::{RUN_LIMIT, orders::wake};
use crate::{queue::Queue, store::waits};

/// Does jobs of the kind `event`.
pub(crate) struct Events {
    pub(crate) queue: Queue,
    pub(crate) bots: Option<Arc<dyn Bots>>,
}

/// Does jobs of the kind `change`.
pub(crate) struct Changes {
    pub(crate) queue: Queue,
    pub(crate) bots: Option<Arc<dyn Bots>>,
}

#[async_trait]
impl JobHandler for Events {
    async fn run(&self, job: Job) -> Result<(), JobError> {
        let event: EventJob = read(&job)?;
        let bot = find(self.bots.as_ref(), job.bot)?;
        let names: Map = [("params".to_owned(), event.data.clone())].into_iter().collect();
        let jobs = started(
            &bot,
            &job.id,
            &names,
            Channel::Event,
            event.depth,
            |kind| matches!(kind, TriggerKind::Event { name } if name.eq_ignore_ascii_case(&event.name)),
        );
        let (queue, org, id) = (self.queue.clone(), job.org, bot.id);
        let written = self.queue.db.write(move |conn| {
            let now = queue.clock.now();
            let waiting = waits::take(conn, org, id, &event.name.to_lowercase())?;
            let woken = waiting.into_iter().map(|row| {
                let order = wake(id, row.conversation(), row.token, event.data.clone(), None);
                NewJob::order(org, order, None, now)
            });
            let woken: Vec<NewJob> = woken.collect();
            for job in jobs
                .into_iter()
                .map(|order| NewJob::order(org, order, None, now))
                .chain(woken)
            {
                // The timer of a wait has the same key, so it must make room.
                if let Some(key) = &job.key {
                    crate::store::jobs::cancel(conn, org, key)?;
                }
                let add: Change = queue.enqueue(job);
                add(conn)?;
            }
            Ok::<_, db::Error>(())
        });
        written.await.map_err(|error| JobError::Again(error.to_string()))
    }
}

#[async_trait]
impl JobHandler for Changes {
    async fn run(&self, job: Job) -> Result<(), JobError> {
        let change: ChangeJob = read(&job)?;
        let bot = find(self.bots.as_ref(), job.bot)?;
        let names: Map = [
            ("params".to_owned(), change.row.clone()),
            ("old".to_owned(), change.old.clone()),
        ]
        .into_iter()
        .collect();
        let orders = started(&bot, &job.id, &names, Channel::Event, change.depth, |kind| {
            matches!(kind, TriggerKind::Change { table, operation }
                if *operation == change.operation && bare(table).eq_ignore_ascii_case(bare(&change.table)))
        });
        enqueue(&self.queue, job.org, orders).await
    }
}

/// A table's name without the dot or connection before it.
fn bare(table: &str) -> &str {
    table.trim_start_matches('.')
}

fn read<T: serde::de::DeserializeOwned>(job: &Job) -> Result<T, JobError> {
    serde_json::from_value(job.payload.clone()).map_err(|error| JobError::Never(error.to_string()))
}

fn find(bots: Option<&Arc<dyn Bots>>, id: Option<BotId>) -> Result<Arc<Bot>, JobError> {
    bots.zip(id)
        .and_then(|(bots, id)| bots.get(id))
        // A package may be away while it is changed.
        .ok_or_else(|| JobError::Again("the bot is not mounted".to_owned()))
}

/// An order for each script of `bot` that a trigger starts. `cause` names what happened: its scripts run once for it.
pub(crate) fn started(
    bot: &Bot,
    cause: &str,
    names: &Map,
    channel: Channel,
    depth: u8,
    is_meant: impl Fn(&TriggerKind) -> bool,
) -> Vec<Order> {
    let meant = bot.triggers.iter().filter(|trigger| is_meant(&trigger.kind));
    meant
        .map(|trigger| Order {
            bot: bot.id,
            task: Task::Script {
                name: trigger.script.clone(),
                args: names.clone(),
                names: Map::new(),
            },
            conversation: None,
            key: format!("{}:{cause}:{}", channel.name(), trigger.script),
            channel,
            limit: Some(RUN_LIMIT),
            depth: depth.saturating_add(1),
        })
        .collect()
}

/// Adds a job for each order, all or none.
pub(crate) async fn enqueue(queue: &Queue, org: OrgId, orders: Vec<Order>) -> Result<(), JobError> {
    let now = queue.clock.now();
    let changes: Vec<Change> = orders
        .into_iter()
        .map(|order| queue.enqueue(NewJob::order(org, order, None, now)))
        .collect();
    let written = queue.db.write(move |conn| {
        for change in changes {
            change(conn)?;
        }
        Ok::<_, db::Error>(())
    });
    written.await.map_err(|error| JobError::Again(error.to_string()))
}

/// What a script finds under the names of a form.
pub(crate) fn form_names(fields: &Value, metadata: Value) -> Map {
    [
        ("fields".to_owned(), fields.clone()),
        ("params".to_owned(), fields.clone()),
        ("metadata".to_owned(), metadata),
    ]
    .into_iter()
    .collect()
}
