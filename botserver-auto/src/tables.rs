//! The bots' own tables: a file for each bot beside SQLite, a schema for each inside PostgreSQL.
//!
//! A bot can name its own tables only: names are looked up in its catalogue and quoted, values are bound. What a
//! keyword writes commits together with an entry of a ledger under the call's idempotency key, so that a call that a
//! crash cut off and that is made again changes nothing and has the same result.
//!
//! Changes for which the bot has triggers are kept in the table `_changes(seq, data, at)` in the same transaction;
//! [`RowChanges`] hands them out.

mod access;
mod ask;
mod catalog;
mod cell;
mod condition;
mod error;
mod ledger;
mod model;
mod place;
mod sql;
mod work;

use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use botlib::{BotId, Clock, Value, value::Map};
use botstate::{
    Db,
    db::Connection,
    dialog::{Bot, Env, Fault, FaultKind, TriggerKind},
    event::{Event, EventBus},
    keyword::Turn,
    rows::{RowChange, RowChanges},
};
use parking_lot::Mutex;

use self::{access::Roles, place::BotDb, work::Terms};
use crate::{
    basic::{Schema, run},
    bots::Shelf,
};

pub(crate) use self::{
    error::Error,
    work::{Setting, Wanted, Work},
};

/// Rows of a table or a file.
pub(crate) type Rows = Vec<Map>;

/// Writes after which results that are too old are forgotten.
const PRUNE_EVERY: u64 = 256;

/// The longest that one statement may compute.
const LONGEST: Duration = Duration::from_secs(30);

/// The tables of all bots; cheap to clone.
#[derive(Clone)]
pub(crate) struct Tables(Arc<Inner>);

struct Inner {
    home: Home,
    shelf: Arc<Shelf>,
    clock: Arc<dyn Clock>,
    events: Option<EventBus>,
    bots: Mutex<HashMap<BotId, Slot>>,
    writes: AtomicU64,
}

/// A bot's database once it is open, and the version of the package whose tables it has.
type Slot = Arc<tokio::sync::Mutex<Option<(Arc<BotDb>, String)>>>;

/// Where the databases are.
pub(crate) enum Home {
    /// A file for each bot in this folder.
    Folder(PathBuf),
    /// A schema for each bot in this database.
    Server(Db),
    /// Files that go with the process.
    Passing(PathBuf),
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tables")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Self::Passing(folder) = self {
            // Nothing was ever saved there when it is not there.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// What of a turn decides about its work on tables.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) bot: Arc<Bot>,
    terms: Terms,
}

impl Ask {
    /// The work of the call that `turn` performs.
    pub(crate) fn of(turn: &dyn Turn) -> Self {
        let bot = Arc::clone(turn.bot());
        let watched = bot.triggers.iter().filter_map(|trigger| match &trigger.kind {
            TriggerKind::Change { table, operation } => Some((work::table_name(table).to_lowercase(), *operation)),
            _ => None,
        });
        let terms = Terms {
            roles: Roles::of(turn.caller()),
            open: bot.settings.flag("tables-open").unwrap_or(true),
            key: turn.idempotency_key().to_owned(),
            watched: watched.collect(),
            depth: turn.depth(),
        };
        Self { bot, terms }
    }
}

impl Tables {
    /// The tables of the bots on `shelf`.
    pub(crate) fn new(home: Home, shelf: Arc<Shelf>, clock: Arc<dyn Clock>, events: Option<EventBus>) -> Self {
        Self(Arc::new(Inner {
            home,
            shelf,
            clock,
            events,
            bots: Mutex::default(),
            writes: AtomicU64::new(0),
        }))
    }

    /// Tables that go with the process.
    pub(crate) fn passing(clock: Arc<dyn Clock>) -> Self {
        let folder = std::env::temp_dir().join(format!("botserver-tables-{}", uuid::Uuid::now_v7()));
        Self::new(Home::Passing(folder), Arc::default(), clock, None)
    }

    /// Runs `work` on the bot's tables as they are.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        ask: Ask,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Fault> {
        let open = self.open(&ask.bot).await?;
        let (env, db) = (self.env(&ask.bot), open.db.clone());
        let reading = db.read(move |conn| {
            let _run = run::enter(&env, 0, u64::MAX, LONGEST);
            work(&mut Work::new(conn, &open, &ask.terms))
        });
        reading.await.map_err(Error::into_fault)
    }

    /// Runs `work` once for the key of the call, and commits it with its result.
    pub(crate) async fn write(
        &self,
        ask: Ask,
        work: impl FnOnce(&mut Work<'_>) -> Result<Value, Error> + Send + 'static,
    ) -> Result<Value, Fault> {
        let open = self.open(&ask.bot).await?;
        let (env, db, bot) = (self.env(&ask.bot), open.db.clone(), ask.bot.id);
        let prunes = self
            .0
            .writes
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(PRUNE_EVERY);
        let writing = db.write(move |conn| {
            let _run = run::enter(&env, 0, u64::MAX, LONGEST);
            perform(conn, &open, &ask.terms, &env, prunes, work)
        });
        let (value, is_watched) = writing.await.map_err(Error::into_fault)?;
        if is_watched
            && let Some(events) = &self.0.events
            && let Err(error) = events.publish(&Event::RowsChanged { bot }).await
        {
            // Whoever delivers changes looks for them now and then as well.
            tracing::debug!(%error, "nobody was told of changed rows");
        }
        Ok(value)
    }

    /// Runs `work` and undoes it again: what it would give.
    pub(crate) async fn attempt<T: Send + 'static>(
        &self,
        ask: Ask,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Fault> {
        let open = self.open(&ask.bot).await?;
        let (env, db) = (self.env(&ask.bot), open.db.clone());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let trying = db.write(move |conn| -> Result<(), Error> {
            let _run = run::enter(&env, 0, u64::MAX, LONGEST);
            let value = work(&mut Work::new(conn, &open, &ask.terms))?;
            // Nobody may be waiting any more, and nothing is kept either way.
            let _ = sender.send(value);
            Err(Error::Tried)
        });
        match trying.await {
            Ok(()) | Err(Error::Tried) => receiver
                .await
                .map_err(|_gone| Fault::new(FaultKind::Internal, "a transaction was tried without a result")),
            Err(error) => Err(error.into_fault()),
        }
    }

    fn env(&self, bot: &Bot) -> Env {
        Env {
            now: self.0.clock.now(),
            zone: bot.settings.get("timezone").unwrap_or("UTC").to_owned(),
            locale: bot.settings.get("locale").unwrap_or("en").to_owned(),
            seed: 0,
            names: Arc::default(),
        }
    }

    /// The bot's database, with the tables of the version that runs.
    async fn open(&self, bot: &Bot) -> Result<Arc<BotDb>, Fault> {
        let slot = Arc::clone(self.0.bots.lock().entry(bot.id).or_default());
        let mounted = self.0.shelf.mounted(bot.id);
        let version = mounted
            .as_ref()
            .map_or(bot.version.as_str(), |mounted| &mounted.bot.version);
        let mut slot = slot.lock().await;
        if let Some((open, of)) = slot.as_ref()
            && of == version
        {
            return Ok(Arc::clone(open));
        }
        let open = match slot.take() {
            Some((open, _)) => open,
            None => Arc::new(self.connect(bot).await?),
        };
        let schema = mounted
            .as_ref()
            .map_or_else(Schema::default, |mounted| mounted.schema.clone());
        let (made, env) = (Arc::clone(&open), self.env(bot));
        let making = open.db.write(move |conn| -> Result<(), Error> {
            let _run = run::enter(&env, 0, u64::MAX, LONGEST);
            catalog::prepare(conn, &made.place)?;
            catalog::migrate(conn, &made.place, &schema)
        });
        making.await.map_err(Error::into_fault)?;
        *slot = Some((Arc::clone(&open), version.to_owned()));
        Ok(open)
    }

    async fn connect(&self, bot: &Bot) -> Result<BotDb, Fault> {
        let folder = match &self.0.home {
            Home::Server(db) => return Ok(BotDb::schema(db.clone(), bot.id)),
            Home::Folder(folder) | Home::Passing(folder) => folder,
        };
        // Bots are told apart by their ids; the name is there for people.
        let name: String = bot
            .name
            .to_lowercase()
            .chars()
            .map(|letter| if letter.is_alphanumeric() { letter } else { '-' })
            .take(40)
            .collect();
        let path = folder.join(format!("{name}-{}.db", bot.id.as_uuid().simple()));
        let db = Db::open_file(path, 2, Duration::from_secs(10)).await;
        db.map(BotDb::file).map_err(|error| {
            Fault::new(
                FaultKind::Data,
                format!("the bot's tables could not be opened: {error}"),
            )
        })
    }
}

fn perform(
    conn: &mut Connection,
    open: &BotDb,
    terms: &Terms,
    env: &Env,
    prunes: bool,
    work: impl FnOnce(&mut Work<'_>) -> Result<Value, Error>,
) -> Result<(Value, bool), Error> {
    if let Some(result) = ledger::find(conn, &open.place, &terms.key)? {
        return Ok((result, false));
    }
    let (value, changes) = {
        let mut doing = Work::new(conn, open, terms);
        let value = work(&mut doing)?;
        (value, doing.changes())
    };
    for change in &changes {
        ledger::note(conn, &open.place, change, env.now)?;
    }
    ledger::keep(conn, &open.place, &terms.key, &value, env.now)?;
    if prunes {
        ledger::prune(conn, &open.place, env.now)?;
    }
    Ok((value, !changes.is_empty()))
}

#[async_trait]
impl RowChanges for Tables {
    async fn take_changes(&self, bot: BotId, after_seq: i64, limit: usize) -> Result<Vec<RowChange>, Fault> {
        let Some(mounted) = self.0.shelf.mounted(bot) else {
            return Ok(Vec::new());
        };
        let open = self.open(&mounted.bot).await?;
        let place = open.place.clone();
        let reading = open
            .db
            .read(move |conn| ledger::changes(conn, &place, after_seq, limit));
        let changes = reading.await.map_err(Error::into_fault)?;
        Ok(changes
            .into_iter()
            .map(|(seq, change, at)| RowChange {
                seq,
                table: change.table,
                operation: change.operation,
                row: change.row,
                old: change.old,
                depth: change.depth,
                at,
            })
            .collect())
    }

    async fn forget_changes(&self, bot: BotId, seqs: Vec<i64>) -> Result<(), Fault> {
        let Some(mounted) = self.0.shelf.mounted(bot) else {
            return Ok(());
        };
        let open = self.open(&mounted.bot).await?;
        let place = open.place.clone();
        let forgetting = open.db.write(move |conn| -> Result<(), Error> {
            seqs.iter().try_for_each(|seq| ledger::forget(conn, &place, *seq))
        });
        forgetting.await.map_err(Error::into_fault)
    }
}

fn fault(message: String) -> Fault {
    Fault::new(FaultKind::Data, message)
}

#[cfg(test)]
mod tests;
