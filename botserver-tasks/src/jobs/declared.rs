//! Keeps the schedules that packages declare in step with the packages that run.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use botstate::{
    Lifecycle, db,
    dialog::{Bot, Bots, TriggerKind},
    event::{Event, EventBus, Notice},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::StreamExt as _;
use uuid::Uuid;

use crate::{
    queue::Queue,
    rule::Rule,
    store::schedules::{self, DECLARED, Row},
    worker::at,
};

/// How often packages are compared although nobody has told of a change.
const LOOK: Duration = Duration::from_mins(5);

/// Follows the packages.
pub(crate) struct Declared {
    pub(crate) queue: Queue,
    pub(crate) bots: Arc<dyn Bots>,
    pub(crate) events: EventBus,
    pub(crate) lifecycle: Lifecycle,
}

impl Declared {
    /// Compares at once, and then whenever a bot changes.
    pub(crate) async fn serve(self) {
        let draining = self.lifecycle.draining();
        loop {
            // Before the first comparison, so that no change falls between the two.
            let mut changes = match self.events.subscribe().await {
                Ok(changes) => changes,
                Err(error) => {
                    tracing::warn!(%error, "changes of bots are not heard");
                    if draining
                        .run_until_cancelled(tokio::time::sleep(Duration::from_secs(5)))
                        .await
                        .is_none()
                    {
                        return;
                    }
                    continue;
                }
            };
            loop {
                if let Err(error) = compare(&self.queue, &*self.bots).await {
                    tracing::warn!(%error, "the schedules of bots were not compared");
                }
                let is_over = tokio::select! {
                    () = draining.cancelled() => return,
                    () = tokio::time::sleep(LOOK) => false,
                    is_over = changed(&mut changes) => is_over,
                };
                if is_over {
                    break;
                }
            }
        }
    }
}

/// Adds what is declared, changes what was declared otherwise, and takes away what is not declared any more.
pub(crate) async fn compare(queue: &Queue, bots: &dyn Bots) -> Result<(), db::Error> {
    let bots = bots.list();
    let known = queue
        .db
        .read(|conn| schedules::list_declared(conn).map_err(db::Error::from))
        .await?;
    let now = queue.clock.now();
    let known: HashMap<(Uuid, String), Row> = known
        .into_iter()
        .map(|row| ((row.bot_id.0, row.unique_key.clone()), row))
        .collect();
    let mut wanted = HashSet::new();
    let mut fresh = Vec::new();
    for bot in &bots {
        for row in declared(bot, now) {
            let key = (row.bot_id.0, row.unique_key.clone());
            let is_same = known.get(&key).is_some_and(|old| old.zone == row.zone);
            if wanted.insert(key) && !is_same {
                fresh.push(row);
            }
        }
    }
    // Bots that are away keep theirs: a share that is gone for a moment must not make runs be missed. Nothing is
    // run for them meanwhile.
    let mounted: HashSet<Uuid> = bots.iter().map(|bot| *bot.id.as_uuid()).collect();
    let gone: Vec<Row> = known
        .into_iter()
        .filter(|(key, row)| mounted.contains(&row.bot_id.0) && !wanted.contains(key))
        .map(|(_, row)| row)
        .collect();
    if fresh.is_empty() && gone.is_empty() {
        return Ok(());
    }
    queue
        .db
        .write(move |conn| {
            for row in gone {
                schedules::delete(conn, row.org_id.into(), row.id.0)?;
            }
            for row in fresh {
                schedules::put(conn, &row)?;
            }
            Ok::<_, db::Error>(())
        })
        .await?;
    queue.ring();
    Ok(())
}

/// Waits until a bot has changed; true when nothing is heard any more.
async fn changed(notices: &mut (impl futures::Stream<Item = Notice> + Unpin)) -> bool {
    loop {
        match notices.next().await {
            Some(Notice::Event(Event::BotChanged { .. }) | Notice::Gap) => return false,
            Some(Notice::Event(_)) => {}
            None => return true,
        }
    }
}

/// The schedules that a bot declares.
fn declared(bot: &Arc<Bot>, now: DateTime<Utc>) -> Vec<Row> {
    let zone = zone(bot);
    let triggers = bot.triggers.iter().filter_map(|trigger| match &trigger.kind {
        TriggerKind::Schedule { when } => Some((trigger, when)),
        _ => None,
    });
    triggers
        .filter_map(|(trigger, when)| {
            let rule = Rule::parse(when)
                .map_err(|error| {
                    tracing::error!(bot.name = %bot.name, "{}: {error}; the script is not scheduled", trigger.place);
                })
                .ok()?;
            Some(Row {
                id: db::DbUuid(Uuid::now_v7()),
                org_id: bot.org.into(),
                bot_id: bot.id.into(),
                unique_key: format!("{DECLARED}:{}:{when}", trigger.script),
                origin: DECLARED.to_owned(),
                script: trigger.script.clone(),
                rule: when.clone(),
                zone: zone.name().to_owned(),
                args: "[]".to_owned(),
                conversation_id: None,
                next_at: rule.next_after(now, zone).map(at),
                last_at: None,
                created_at: at(now),
            })
        })
        .collect()
}

/// The zone of a bot's clock.
pub(crate) fn zone(bot: &Bot) -> Tz {
    bot.settings.parse("timezone").unwrap_or(Tz::UTC)
}
