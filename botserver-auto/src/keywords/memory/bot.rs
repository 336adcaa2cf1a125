//! `SET BOT MEMORY key, value` and `GET BOT MEMORY key`: what a bot knows in all its conversations.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::Fault,
    keyword::{Args, Class, Handler, Keyword, Turn},
};

use super::{Memory, Place, check, key};

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
        let place = Place::Bot(turn.bot().id);
        self.0.set(turn, place, key, value, None);
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
