//! `SET BOT MEMORY key, value` and `GET BOT MEMORY key`: what a bot knows in all its conversations.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use botlib::{BotId, Clock as _, SystemClock, Value};
use botstate::{
    Db,
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};
use parking_lot::Mutex;

use crate::store::memories;

/// Bytes that a value may have in its stored form.
const LARGEST: usize = 64 << 10;

/// Characters that a key may have.
const LONGEST_KEY: usize = 255;

/// Where the memory is.
#[derive(Clone)]
pub(crate) enum Memory {
    /// In the server's database.
    Stored(Db),
    /// In this process only.
    Passing(Arc<Mutex<HashMap<(BotId, String), Value>>>),
}

pub(super) fn keywords(memory: &Memory) -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "SET BOT MEMORY",
            shapes: &["key, value", "key AS value"],
            class: Class::Write,
            summary: "Remembers a value under a key, for all conversations of the bot; null forgets it.",
            example: "SET BOT MEMORY \"visits\", 1\nTALK GET BOT MEMORY \"visits\"",
            handler: Some(Arc::new(Set(memory.clone()))),
        },
        Keyword {
            phrase: "GET BOT MEMORY",
            shapes: &["key"],
            class: Class::Read,
            summary: "The value that the bot remembers under a key, an empty text when there is none.",
            example: "greeting = GET BOT MEMORY \"greeting\"\nIF greeting = \"\" THEN\n  greeting = \"Hello\"\nEND IF\nTALK greeting",
            handler: Some(Arc::new(Get(memory.clone()))),
        },
    ]
}

struct Set(Memory);

#[async_trait]
impl Handler for Set {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let key = key(&mut args)?;
        let value = args.take("value");
        check(&value)?;
        self.0.set(turn, key, value);
        Ok(Value::Null)
    }
}

struct Get(Memory);

#[async_trait]
impl Handler for Get {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let key = key(&mut args)?;
        let found = self.0.get(turn.bot().id, key).await?;
        Ok(found.unwrap_or_else(|| Value::text("")))
    }
}

impl Memory {
    fn set(&self, turn: &mut dyn Turn, key: String, value: Value) {
        let bot = turn.bot();
        let (bot_id, org) = (bot.id, bot.org);
        match self {
            Self::Passing(memory) => {
                memory.lock().insert((bot_id, key), value);
            }
            Self::Stored(_) => {
                let now = SystemClock.now();
                turn.write(Box::new(move |conn| {
                    memories::set(conn, org, bot_id, &key, &value, now)
                }));
            }
        }
    }

    /// What is remembered under `key`; null counts as nothing.
    pub(super) async fn get(&self, bot: BotId, key: String) -> Result<Option<Value>, Fault> {
        let found = match self {
            Self::Passing(memory) => memory.lock().get(&(bot, key)).cloned(),
            Self::Stored(db) => {
                let read = db.read(move |conn| memories::find(conn, bot, &key).map_err(botstate::db::Error::from));
                read.await
                    .map_err(|error| Fault::new(FaultKind::Data, format!("could not read the bot's memory: {error}")))?
            }
        };
        Ok(found.filter(|value| !value.is_null()))
    }
}

fn key(args: &mut Args) -> Result<String, Fault> {
    let key = args.text("key")?.trim().to_owned();
    if key.is_empty() || key.chars().count() > LONGEST_KEY {
        let message = format!("a key of the bot's memory needs 1 to {LONGEST_KEY} characters");
        return Err(Fault::new(FaultKind::Argument, message));
    }
    Ok(key)
}

fn check(value: &Value) -> Result<(), Fault> {
    if holds_secret(value) {
        return Err(
            Fault::new(FaultKind::Argument, "a secret cannot be kept in the bot's memory")
                .hint("every conversation of the bot reads the same memory"),
        );
    }
    let size = serde_json::to_string(value).map_or(usize::MAX, |text| text.len());
    if size > LARGEST {
        let message = format!("a value of the bot's memory may have {LARGEST} bytes at most, and this one has {size}");
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
