//! What bots know between conversations: of everyone, of one person, or for a time.

mod bot;
mod person;
mod span;

use std::{collections::HashMap, sync::Arc};

use botlib::{BotId, Clock, OrgId, Subject, SystemClock, Value, value::Map};
use botstate::{
    Db,
    db::{
        Connection,
        memories::{self as people, Shelf},
    },
    dialog::{Fault, FaultKind},
    keyword::{Args, Keyword, Turn},
};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use parking_lot::Mutex;

use crate::store::memories;

/// Bytes that a value may have in its stored form.
const LARGEST: usize = 64 << 10;

/// Characters that a key may have.
const LONGEST_KEY: usize = 255;

/// Where the memory is, and what time it is there.
#[derive(Clone)]
pub(crate) struct Memory {
    kept: Kept,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
enum Kept {
    /// In the server's database.
    Stored(Db),
    /// In this process only.
    Passing(Arc<Mutex<HashMap<(Place, String), Passing>>>),
}

/// Whose memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    Bot(BotId),
    Person(Shelf),
}

struct Passing {
    value: Value,
    expires: Option<DateTime<Utc>>,
}

pub(super) fn keywords(memory: &Memory) -> Vec<Keyword> {
    let mut keywords = bot::keywords(memory);
    keywords.extend(person::keywords(memory));
    keywords.extend(span::keywords(memory));
    keywords
}

impl Memory {
    /// The memory that a server keeps in its database.
    pub(crate) fn stored(db: &Db, clock: Arc<dyn Clock>) -> Self {
        Self {
            kept: Kept::Stored(db.clone()),
            clock,
        }
    }

    /// A memory that ends with the process.
    pub(crate) fn passing() -> Self {
        Self {
            kept: Kept::Passing(Arc::default()),
            clock: Arc::new(SystemClock),
        }
    }

    /// What the bot remembers under `key`; null counts as nothing.
    pub(super) async fn get(&self, bot: BotId, key: String) -> Result<Option<Value>, Fault> {
        self.find(Place::Bot(bot), key).await
    }

    async fn find(&self, place: Place, key: String) -> Result<Option<Value>, Fault> {
        let now = self.clock.now();
        let found = match &self.kept {
            Kept::Passing(memory) => memory
                .lock()
                .get(&(place, key))
                .filter(|kept| kept.expires.is_none_or(|expires| expires > now))
                .map(|kept| kept.value.clone()),
            Kept::Stored(db) => {
                read(db, move |conn| match &place {
                    Place::Bot(bot) => memories::find(conn, *bot, &key),
                    Place::Person(place) => people::find(conn, place, &key, now),
                })
                .await?
            }
        };
        Ok(found.filter(|value| !value.is_null()))
    }

    /// Everything that is remembered on a person's shelf.
    async fn list(&self, place: Shelf) -> Result<Map, Fault> {
        let now = self.clock.now();
        match &self.kept {
            Kept::Passing(memory) => {
                let place = Place::Person(place);
                let memory = memory.lock();
                let theirs = memory
                    .iter()
                    .filter(|((of, _), kept)| *of == place && kept.expires.is_none_or(|expires| expires > now));
                let mut entries: Vec<_> = theirs
                    .map(|((_, key), kept)| (key.clone(), kept.value.clone()))
                    .collect();
                entries.sort_by(|(one, _), (other, _)| one.cmp(other));
                Ok(entries.into_iter().collect())
            }
            Kept::Stored(db) => read(db, move |conn| people::list(conn, &place, now)).await,
        }
    }

    fn set(&self, turn: &mut dyn Turn, place: Place, key: String, value: Value, expires: Option<DateTime<Utc>>) {
        let org = turn.bot().org;
        let now = self.clock.now();
        match &self.kept {
            Kept::Passing(memory) => {
                memory.lock().insert((place, key), Passing { value, expires });
            }
            Kept::Stored(_) => turn.write(Box::new(move |conn| match &place {
                Place::Bot(bot) => memories::set(conn, org, *bot, &key, &value, now),
                Place::Person(place) => people::set(conn, place, &key, &value, expires, now),
            })),
        }
    }

    fn clear(&self, turn: &mut dyn Turn, owner: String, scopes: Vec<String>) {
        let org = turn.bot().org;
        match &self.kept {
            Kept::Passing(memory) => memory.lock().retain(|(place, _), _| match place {
                Place::Bot(_) => true,
                Place::Person(place) => place.owner != owner || !scopes.contains(&place.scope),
            }),
            Kept::Stored(_) => turn.write(Box::new(move |conn| people::clear(conn, org, &owner, &scopes))),
        }
    }
}

async fn read<T: Send + 'static>(
    db: &Db,
    query: impl FnOnce(&mut Connection) -> QueryResult<T> + Send + 'static,
) -> Result<T, Fault> {
    db.read(move |conn| query(conn).map_err(botstate::db::Error::from))
        .await
        .map_err(|error| Fault::new(FaultKind::Data, format!("could not read the bot's memory: {error}")))
}

/// What a person's memory in `scope` is kept under. Work that nobody asked for, such as a schedule's, has the bot's own.
fn shelf(turn: &dyn Turn, scope: &str) -> Shelf {
    Shelf {
        org: turn.bot().org,
        owner: owner(turn),
        scope: scope.to_owned(),
    }
}

fn owner(turn: &dyn Turn) -> String {
    match turn.caller().subject {
        Subject::Person(id) => format!("person:{id}"),
        Subject::Visitor(id) => format!("visitor:{id}"),
        Subject::Bot(_) | Subject::Nobody | Subject::System => format!("bot:{}", turn.bot().id),
    }
}

/// The organisation of a turn's memory, for keys of other stores.
pub(super) fn space(turn: &dyn Turn) -> (OrgId, BotId) {
    (turn.bot().org, turn.bot().id)
}

fn key(args: &mut Args) -> Result<String, Fault> {
    checked_key(&args.text("key")?)
}

/// A key that fits into every memory.
pub(super) fn checked_key(text: &str) -> Result<String, Fault> {
    let key = text.trim().to_owned();
    if key.is_empty() || key.chars().count() > LONGEST_KEY {
        let message = format!("a key of a memory needs 1 to {LONGEST_KEY} characters");
        return Err(Fault::new(FaultKind::Argument, message));
    }
    Ok(key)
}

/// Refuses what must not or cannot be kept.
pub(super) fn check(value: &Value) -> Result<(), Fault> {
    if holds_secret(value) {
        return Err(Fault::new(FaultKind::Argument, "a secret cannot be kept in a memory")
            .hint("what is remembered is stored as it is and can be read again by other conversations"));
    }
    let size = serde_json::to_string(value).map_or(usize::MAX, |text| text.len());
    if size > LARGEST {
        let message = format!("a value of a memory may have {LARGEST} bytes at most, and this one has {size}");
        return Err(Fault::new(FaultKind::Limit, message));
    }
    Ok(())
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(items) => items.iter().any(holds_secret),
        Value::Map(map) => map.iter().any(|(_, value)| holds_secret(value)),
        _ => false,
    }
}
