//! What all bots of an organisation know of a person: `SET USER MEMORY`, `SET USER FACT` and their like.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};

use super::{Memory, Place, check, key, owner, shelf, span};

/// The scope of SET USER MEMORY.
const MEMORY: &str = "memory";

/// The scope of SET USER FACT.
const FACT: &str = "fact";

/// The scope of what finished conversations were about.
const EPISODE: &str = "episode";

/// Keys that a person's memory may have unless `user-memory-max-keys` says otherwise.
const MOST_KEYS: usize = 1000;

pub(super) fn keywords(memory: &Memory) -> Vec<Keyword> {
    let set = |scope| -> Option<Arc<dyn Handler>> {
        Some(Arc::new(Set {
            memory: memory.clone(),
            scope,
        }))
    };
    vec![
        Keyword {
            phrase: "SET USER MEMORY",
            shapes: &["key, value", "key AS value"],
            class: Class::Write,
            summary: "Remembers a value of the person who talks, for all bots; null forgets it.",
            example: "SET USER MEMORY \"city\", \"Lisbon\"\nTALK GET USER MEMORY \"city\"",
            handler: set(MEMORY),
        },
        Keyword {
            phrase: "GET USER MEMORY",
            shapes: &["key"],
            class: Class::Read,
            summary: "What is remembered of the person under a key, an empty text when there is nothing.",
            example: "city = GET USER MEMORY \"city\"\nTALK city OR \"somewhere\"",
            handler: Some(Arc::new(Get(memory.clone()))),
        },
        Keyword {
            phrase: "SET USER FACT",
            shapes: &["key, value", "key AS value"],
            class: Class::Write,
            summary: "Notes a fact about the person; USER FACTS gives all of them.",
            example: "SET USER FACT \"diet\", \"vegetarian\"\nfacts = USER FACTS()\nTALK facts.diet",
            handler: set(FACT),
        },
        Keyword {
            phrase: "REMEMBER USER FACT",
            shapes: &["key, value", "key AS value", "key = value", "key"],
            class: Class::Write,
            summary: "Notes a fact about the person, as SET USER FACT does.",
            example: "REMEMBER USER FACT \"diet\", \"vegan\"\nfacts = USER FACTS()\nTALK facts.diet",
            handler: set(FACT),
        },
        Keyword {
            phrase: "USER FACTS",
            shapes: &[""],
            class: Class::Read,
            summary: "All facts that were noted about the person, by their keys.",
            example: "SET USER FACT \"name\", \"Ana\"\nfacts = USER FACTS\nTALK facts.name",
            handler: Some(Arc::new(Facts(memory.clone()))),
        },
        Keyword {
            phrase: "CLEAR USER MEMORY",
            shapes: &[""],
            class: Class::Write,
            summary: "Forgets everything about the person: memory, facts, summaries of conversations, and what this bot remembers of them.",
            example: "SET USER MEMORY \"city\", \"Lisbon\"\nCLEAR USER MEMORY\nTALK \"[\" + GET USER MEMORY(\"city\") + \"]\"",
            handler: Some(Arc::new(Clear(memory.clone()))),
        },
    ]
}

struct Set {
    memory: Memory,
    scope: &'static str,
}

#[async_trait]
impl Handler for Set {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let key = key(&mut args)?;
        // A fact that is a sentence is its own key.
        let value = if args.has("value") {
            args.take("value")
        } else {
            Value::Bool(true)
        };
        check(&value)?;
        let place = shelf(turn, self.scope);
        room_for(&self.memory, turn, &place, &key).await?;
        self.memory.set(turn, Place::Person(place), key, value, None);
        Ok(Value::Null)
    }
}

/// Refuses one key more than a person's memory may have.
pub(super) async fn room_for(
    memory: &Memory,
    turn: &mut dyn Turn,
    place: &botstate::db::memories::Shelf,
    key: &str,
) -> Result<(), Fault> {
    let most = turn.bot().settings.parse("user-memory-max-keys").unwrap_or(MOST_KEYS);
    turn.flush().await?;
    let known = memory.list(place.clone()).await?;
    if known.len() >= most && known.get(key).is_none() {
        let message = format!("{most} things are remembered of this person already");
        return Err(Fault::new(FaultKind::Limit, message)
            .hint("forget some by setting them to NULL, or raise user-memory-max-keys"));
    }
    Ok(())
}

struct Get(Memory);

#[async_trait]
impl Handler for Get {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let key = key(&mut args)?;
        let found = self.0.find(Place::Person(shelf(turn, MEMORY)), key).await?;
        Ok(found.unwrap_or_else(|| Value::text("")))
    }
}

struct Facts(Memory);

#[async_trait]
impl Handler for Facts {
    async fn call(&self, turn: &mut dyn Turn, _args: Args) -> Result<Value, Fault> {
        self.0.list(shelf(turn, FACT)).await.map(Value::Map)
    }
}

struct Clear(Memory);

#[async_trait]
impl Handler for Clear {
    async fn call(&self, turn: &mut dyn Turn, _args: Args) -> Result<Value, Fault> {
        let scopes = vec![
            MEMORY.to_owned(),
            FACT.to_owned(),
            EPISODE.to_owned(),
            span::scope(turn),
        ];
        let owner = owner(turn);
        self.0.clear(turn, owner, scopes);
        Ok(Value::Null)
    }
}
