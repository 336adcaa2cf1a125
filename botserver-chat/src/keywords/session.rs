//! What a conversation keeps for its scripts: `SET SESSION key, value`, `SET "session.key", value` and `GET SESSION key`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::{BotId, ConversationId, OrgId, Value, value::Map};
use botstate::{
    AppState, Db,
    conversation::{Emit, SessionState},
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Source, Turn},
    run::{Channel, Late, Order, Runner, Task},
};

use super::keep;
use crate::store::conversations;

/// How long another conversation may take to do what was asked of it.
const LONGEST_ORDER: Duration = Duration::from_secs(10);

/// Bytes that all values of a conversation may have together in their stored form.
const LARGEST: usize = 256 << 10;

/// Characters that a key may have.
const LONGEST_KEY: usize = 255;

/// Members of `session` that the server itself sets.
const OURS: [&str; 3] = ["id", "channel", "user_id"];

pub(super) fn keywords(others: Option<&Others>) -> Vec<Keyword> {
    vec![
        Keyword {
            phrase: "SET SESSION",
            shapes: &["key, value", "key AS value", "session, key, value"],
            class: Class::External,
            summary: "Keeps a value for the rest of the conversation, or of another one of the bot whose id is given; \
                      scripts read it as a member of `session`. Null forgets it.",
            example: "SET SESSION \"table\", 7\nTALK session.table",
            handler: Some(Arc::new(SetAny(others.cloned()))),
        },
        Keyword {
            phrase: "GET SESSION",
            shapes: &["key", "session, key"],
            class: Class::Read,
            summary: "What SET SESSION kept under a key in this conversation, or in another one of the bot whose id is \
                      given; null when there is nothing.",
            example: "SET SESSION \"table\", 7\nTALK GET SESSION \"table\"",
            handler: Some(Arc::new(GetAny(others.cloned()))),
        },
        Keyword {
            phrase: "SEND TO SESSION",
            shapes: &["session, text"],
            class: Class::External,
            summary: "Says something in another conversation of the bot.",
            example: "SEND TO SESSION session.id, \"Your table is ready.\"",
            handler: Some(Arc::new(Send(others.cloned()))),
        },
        Keyword {
            phrase: "SET",
            shapes: &["@path, value"],
            class: Class::Write,
            summary: "Sets a value by its path: `\"session.key\"` keeps it in the conversation as SET SESSION does.",
            example: "SET \"session.table\", 7\nTALK GET \"session.table\"",
            handler: Some(keep(|session, mut args| {
                let path = bare_or_text(args.take("path"))?;
                let (first, key) = path.split_once('.').unwrap_or(("session", path.as_str()));
                if !first.eq_ignore_ascii_case("session") {
                    return Err(Fault::new(FaultKind::Argument, format!("{path:?} cannot be set"))
                        .hint("a path that can be set begins with `session.`"));
                }
                set(session, key, args.take("value"))
            })),
        },
        Keyword {
            phrase: "SET LANGUAGE",
            shapes: &["language"],
            class: Class::Write,
            summary: "Sets the language of the conversation by its tag, such as \"pt-BR\": of the bot's own sentences, \
                      dates and numbers.",
            example: "SET LANGUAGE \"de\"",
            handler: Some(keep(set_language)),
        },
    ]
}

/// What reaches the bot's other conversations.
#[derive(Clone)]
pub(super) struct Others {
    db: Db,
    runner: Late<dyn Runner>,
}

impl Others {
    pub(super) fn of(state: &AppState) -> Self {
        Self {
            db: state.db.clone(),
            runner: state.ports.runner.clone(),
        }
    }

    /// Carries out a task in another conversation, once for each call.
    async fn order(&self, turn: &mut dyn Turn, other: ConversationId, task: Task) -> Result<Value, Fault> {
        let order = Order {
            bot: turn.bot().id,
            task,
            conversation: Some(other),
            key: format!("session:{}", turn.idempotency_key()),
            channel: Channel::Session,
            limit: Some(LONGEST_ORDER),
            depth: turn.depth() + 1,
        };
        let runner = Arc::clone(self.runner.need("conversations")?);
        let ran = tokio::time::timeout(LONGEST_ORDER, runner.run(order)).await;
        match ran {
            Ok(Ok(ran)) => ran.fault.map_or(Ok(ran.value), Err),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(Fault::new(FaultKind::Limit, format!("conversation {other} is busy"))
                .hint("two conversations that wait for each other never end")),
        }
    }

    async fn value(&self, bot: BotId, org: OrgId, other: ConversationId, key: String) -> Result<Value, Fault> {
        let found = self
            .db
            .read(move |conn| conversations::find(conn, org, other))
            .await
            .map_err(|error| Fault::new(FaultKind::Data, format!("could not read the conversation: {error}")))?;
        let known = found.filter(|conversation| conversation.bot == bot);
        let Some(conversation) = known else {
            return Err(unknown(other));
        };
        Ok(conversation.session.values.get(key.trim()).cloned().unwrap_or_default())
    }
}

/// The other conversation that the arguments name; none for this one.
fn other(turn: &dyn Turn, args: &mut Args) -> Result<Option<ConversationId>, Fault> {
    if !args.has("session") {
        return Ok(None);
    }
    let text = args.text("session")?;
    let id: ConversationId = text
        .trim()
        .parse()
        .map_err(|_not_an_id| Fault::new(FaultKind::NotFound, format!("there is no conversation {text:?}")))?;
    Ok(Some(id).filter(|id| *id != turn.conversation()))
}

fn unknown(id: ConversationId) -> Fault {
    Fault::new(FaultKind::NotFound, format!("this bot has no conversation {id}"))
}

struct SetAny(Option<Others>);

#[async_trait]
impl Handler for SetAny {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let (other, key, value) = (other(turn, &mut args)?, args.text("key")?, args.take("value"));
        let Some(other) = other else {
            set(turn.session(), &key, value)?;
            return Ok(Value::Null);
        };
        let (org, bot) = (turn.bot().org, turn.bot().id);
        let others = self.0.as_ref().ok_or_else(|| unknown(other))?;
        others.value(bot, org, other, key.clone()).await?;
        let task = Task::Session {
            key: key.trim().to_owned(),
            change: Some(value),
        };
        others.order(turn, other, task).await?;
        Ok(Value::Null)
    }
}

struct GetAny(Option<Others>);

#[async_trait]
impl Handler for GetAny {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let (other, key) = (other(turn, &mut args)?, args.text("key")?);
        let (org, bot) = (turn.bot().org, turn.bot().id);
        match (other, &self.0) {
            (Some(other), Some(others)) => others.value(bot, org, other, key).await,
            (Some(other), None) => Err(unknown(other)),
            (None, _) => Ok(turn.session().values.get(key.trim()).cloned().unwrap_or_default()),
        }
    }
}

struct Send(Option<Others>);

#[async_trait]
impl Handler for Send {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let (other, text) = (other(turn, &mut args)?, args.text("text")?);
        let Some(other) = other else {
            turn.emit(Emit::Say(text));
            return Ok(Value::Null);
        };
        let (org, bot) = (turn.bot().org, turn.bot().id);
        let others = self.0.as_ref().ok_or_else(|| unknown(other))?;
        others.value(bot, org, other, String::new()).await?;
        others.order(turn, other, Task::Say { text }).await?;
        Ok(Value::Null)
    }
}

fn bare_or_text(path: Value) -> Result<String, Fault> {
    match path.into() {
        Source {
            value: Value::Text(text),
            ..
        } if text.contains('.') => Ok(text),
        Source { name: Some(name), .. } => Ok(name),
        Source {
            value: Value::Secret(_),
            ..
        } => Err(Fault::new(FaultKind::Argument, "a secret cannot be a path")),
        Source { value, .. } => Ok(value.to_string()),
    }
}

/// Keeps a value under a key; null forgets it.
pub(crate) fn set(session: &mut SessionState, key: &str, value: Value) -> Result<(), Fault> {
    let key = key.trim();
    if key.is_empty() || key.chars().count() > LONGEST_KEY {
        let message = format!("a key of the session needs 1 to {LONGEST_KEY} characters");
        return Err(Fault::new(FaultKind::Argument, message));
    }
    if OURS.iter().any(|name| key.eq_ignore_ascii_case(name)) {
        return Err(
            Fault::new(FaultKind::Permission, format!("session.{key} is set by the server")).hint("choose another key"),
        );
    }
    if value.is_null() {
        session.values.remove(key);
        return Ok(());
    }
    let weigh = |values: &Map| serde_json::to_string(values).map_or(usize::MAX, |text| text.len());
    let mut values = session.values.clone();
    values.insert(key, value);
    if weigh(&values) > LARGEST {
        return Err(Fault::new(
            FaultKind::Limit,
            format!("the values of a conversation may have {LARGEST} bytes at most together"),
        )
        .hint("keep large data in a table and its key in the session"));
    }
    session.values = values;
    Ok(())
}

fn set_language(session: &mut SessionState, mut args: Args) -> Result<(), Fault> {
    let tag = args.text("language")?.trim().replace('_', "-");
    let is_tag = (2..=35).contains(&tag.len())
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_tag {
        return Err(
            Fault::new(FaultKind::Argument, format!("{tag:?} is not the tag of a language"))
                .hint("a tag looks like `en` or `pt-BR`"),
        );
    }
    session.locale = Some(tag);
    Ok(())
}
