//! The port by which anything that nobody types runs a script: schedules, events, webhooks, other bots.
//!
//! An [`Order`] passes the same pipeline as a person's message: one turn at a time for each conversation, kept in its
//! log, exactly once for each key. A run that a crash cut off is finished by the next start.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use botlib::{BotId, ConversationId, Value, value::Map, wire::InputSpec};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dialog::{Fault, FaultKind};

/// Through how many runs, each ordered by the one before, a chain of orders may go.
pub const DEEPEST: u8 = 8;

/// Something that a bot should do without being asked by a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The bot, in whose name everything is done: it has no person's rights.
    pub bot: BotId,
    /// What to do.
    pub task: Task,
    /// The conversation whose log gets it; without one, a conversation of the bot's own that belongs to the key.
    pub conversation: Option<ConversationId>,
    /// Names the order: the same key in the same conversation is done once, and answered as it was then.
    pub key: String,
    /// By which door it came.
    pub channel: Channel,
    /// The longest that it may run; nothing for as long as a person's turn may.
    #[serde(default)]
    pub limit: Option<Duration>,
    /// How many orders led to this one; more than [`DEEPEST`] are refused.
    #[serde(default)]
    pub depth: u8,
}

/// By which door an order came, as scripts see it in `channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A schedule or a job for later.
    Schedule,
    /// An event, or a change of a table.
    Event,
    /// A request to a webhook.
    Webhook,
    /// A form of a web page.
    Form,
    /// Another bot.
    Bot,
    /// Another conversation of the bot.
    Session,
}

impl Channel {
    /// The name that scripts see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Event => "event",
            Self::Webhook => "webhook",
            Self::Form => "form",
            Self::Bot => "bot",
            Self::Session => "session",
        }
    }
}

/// What an order asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Run a script.
    Script {
        /// Its name.
        name: String,
        /// Values for its `PARAM` lines, by name or by position from 0.
        #[serde(default)]
        args: Map,
        /// Names that the script finds set, such as `body` and `params` of a webhook.
        #[serde(default)]
        names: Map,
    },
    /// Answer a message, as if a person had written it.
    Message {
        /// The text.
        text: String,
        /// The tools that the model may use for it; empty for those of the conversation.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tools: Vec<String>,
    },
    /// Say something in the conversation.
    Say {
        /// The text.
        text: String,
    },
    /// Read a value that the conversation keeps, after changing it where a new one is given. The run gives back what it
    /// is then.
    Session {
        /// Its key.
        key: String,
        /// The new value; null forgets it.
        #[serde(default)]
        change: Option<Value>,
    },
    /// Give a waiting dialog what it waits for; nothing happens when it does not wait any more.
    Wake {
        /// The token of its [`Suspend`].
        token: String,
        /// What the keyword that waits gives back.
        value: Value,
        /// Why it failed instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<Fault>,
    },
}

/// What became of an order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ran {
    /// What the script gave back. A script that gave nothing back but set `result` or `result_…` gives those, by
    /// name.
    pub value: Value,
    /// What was said, in order.
    pub said: Vec<String>,
    /// Whether the script waits, for a person or something else, and so is not over.
    pub waiting: bool,
    /// Why the script could not go on, if it could not.
    pub fault: Option<Fault>,
    /// Whether the key had been there before, so that nothing was done now.
    pub is_repeat: bool,
}

/// Carries orders out.
#[async_trait]
pub trait Runner: Send + Sync + 'static {
    /// Carries the order out to the end of its turn. What a script's own fault broke off is no error here: it is in
    /// [`Ran::fault`].
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] when there is no such bot or conversation, [`FaultKind::Limit`] when the order is too
    /// deep; anything else may be tried again under the same key.
    async fn run(&self, order: Order) -> Result<Ran, Fault>;
}

/// How a keyword lets its dialog wait for something other than a person, with [`Turn::suspend`].
///
/// The waiting dialog is a row: it holds no thread, no memory and no lock, and a [`Task::Wake`] with the token goes on
/// with it, on any node and after any restart.
///
/// [`Turn::suspend`]: crate::keyword::Turn::suspend
#[derive(Debug, Clone, PartialEq)]
pub struct Suspend {
    /// Names the wait; the idempotency key of the call is a good one.
    pub token: String,
    /// What a person may answer meanwhile, which ends the wait with the text; nothing when messages are for others.
    pub hear: Option<InputSpec>,
    /// What the dialog gets when the person refuses. With it only yes and no end the wait, in the words of a HEAR AS
    /// BOOLEAN; any other message is for others.
    pub refusal: Option<Fault>,
    /// Under which label the conversation's workflow keeps what the wait ended with.
    pub note: Option<String>,
}

/// The conversation that `bot` has for what comes out of `conversation`, which belongs to another bot: the same one
/// each time, so that it remembers what was said before.
pub fn side_conversation(conversation: ConversationId, bot: BotId) -> ConversationId {
    let digest = Sha256::new()
        .chain_update("side")
        .chain_update(conversation.as_uuid())
        .chain_update(bot.as_uuid())
        .finalize();
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, hashed)| *byte = hashed);
    ConversationId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// A port that is filled once the domain behind it is composed, after others were handed the slot.
pub struct Late<T: ?Sized>(Arc<OnceLock<Arc<T>>>);

impl<T: ?Sized> Late<T> {
    /// Fills the slot; the first one stays.
    pub fn fill(&self, port: Arc<T>) {
        // A second service of the same kind in one process is a test's, which has a slot of its own.
        let _ = self.0.set(port);
    }

    /// What the slot was filled with.
    pub fn get(&self) -> Option<&Arc<T>> {
        self.0.get()
    }

    /// What the slot was filled with.
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] when this server was built without it.
    pub fn need(&self, what: &str) -> Result<&Arc<T>, Fault> {
        self.get()
            .ok_or_else(|| Fault::new(FaultKind::NotFound, format!("this server was built without {what}")))
    }
}

impl<T: ?Sized> Default for Late<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: ?Sized> Clone for Late<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> fmt::Debug for Late<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.0.get().is_some() { "filled" } else { "empty" };
        write!(f, "Late({state})")
    }
}
