//! Recordings of conversations: all that dialogs were given, and all that came of it.
//!
//! The turn engine records the conversations of bots that say `record-conversations,true`, in the log and with the
//! commit of what happened. Played back, a dialog gets the same answers of people, keywords, models, clock and chance,
//! and must ask for the same and say the same, byte for byte. Secrets are left out.

use botlib::{
    ConversationId, Secret, TurnId, Value,
    value::{FileRef, Map},
    wire::InputSpec,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    dialog::{Answer, Bot, Env, Fault, HostCall, Input, ScriptCall, Step},
    model::ToolCall,
};

/// The setting of a bot that has its conversations recorded.
pub const SETTING: &str = "record-conversations";

/// The form of recordings of conversations; players refuse others. A run in the terminal has the form 1.
pub const FORM: u32 = 2;

/// What stands for the answer to a password's HEAR.
pub const HIDDEN: &str = "••••••••";

/// The first line of an exported recording; each other line is a [`Taped`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// [`FORM`].
    pub form: u32,
    /// The conversation.
    pub conversation: ConversationId,
}

/// One thing that happened, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum Taped {
    /// A turn began.
    Turn {
        /// The turn.
        id: TurnId,
        /// What somebody wrote, or what else began it in parentheses, such as `(visit)`.
        by: String,
    },
    /// Scripts see this of their surroundings from here on.
    Surroundings {
        /// The zone of the bot's clock.
        zone: String,
        /// The visitor's language.
        locale: String,
        /// The seed of the random functions.
        seed: u64,
        /// Names that scripts find set.
        names: Map,
    },
    /// A script was started, above those that wait.
    Start {
        /// Its name.
        script: String,
        /// Its arguments.
        args: Map,
        /// Why it could not be started.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<Fault>,
    },
    /// The topmost script went on.
    Resumed {
        /// The moment.
        now: DateTime<Utc>,
        /// With what.
        with: TapedInput,
        /// Whether it was woken, so that its limits begin anew.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        woken: bool,
    },
    /// What it needed then; what it said is a [`Taped::Message`].
    Stepped {
        /// The step.
        step: TapedStep,
    },
    /// The topmost script was taken away, or all of them.
    Dropped {
        /// Whether all were.
        all: bool,
    },
    /// A model was asked.
    Asked {
        /// What the person asked.
        question: String,
    },
    /// The model answered.
    Answered {
        /// What it said.
        text: String,
        /// The tools that it called.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<ToolCall>,
    },
    /// The bot said something: a script, a keyword, or the server itself.
    Message {
        /// The text.
        content: String,
        /// The names of files that went with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
    },
    /// The page was told to do something.
    Side {
        /// What.
        event: String,
        /// With what.
        data: serde_json::Value,
    },
}

/// With what a script went on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TapedInput {
    /// Nothing.
    Continue,
    /// The result of a keyword or another script.
    Returned {
        /// The value.
        value: Value,
    },
    /// Why that failed.
    Failed {
        /// The fault.
        fault: Fault,
    },
    /// A person's answer.
    Heard {
        /// The answer.
        answer: Answer,
    },
    /// Nobody answered in time.
    Silence,
}

/// What a script needed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TapedStep {
    /// A keyword.
    Call {
        /// Its phrase.
        keyword: String,
        /// Its arguments.
        args: Map,
    },
    /// Another script.
    Script {
        /// Its name.
        name: String,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// An answer.
    Hear {
        /// Of which kind.
        spec: InputSpec,
    },
    /// Nothing: it ended.
    Done {
        /// What it gave back.
        value: Value,
    },
    /// Nothing: it could not go on.
    Fault {
        /// Why.
        fault: Fault,
    },
}

impl Taped {
    /// The surroundings of a run.
    pub fn surroundings(env: &Env) -> Self {
        Self::Surroundings {
            zone: env.zone.clone(),
            locale: env.locale.clone(),
            seed: env.seed,
            names: without_secrets_in(&env.names),
        }
    }

    /// A message with its files.
    pub fn message(content: &str, files: &[FileRef]) -> Self {
        Self::Message {
            content: content.to_owned(),
            files: files.iter().map(|file| file.name.clone()).collect(),
        }
    }
}

impl TapedInput {
    /// An input as it is kept; the answer to a password's HEAR is hidden.
    pub fn of(input: &Input, is_secret: bool) -> Self {
        match input {
            Input::Continue => Self::Continue,
            Input::Returned(value) => Self::Returned {
                value: without_secrets(value),
            },
            Input::Failed(fault) => Self::Failed { fault: fault.clone() },
            Input::Heard(_) if is_secret => Self::Heard {
                answer: Answer {
                    text: HIDDEN.to_owned(),
                    files: Vec::new(),
                },
            },
            Input::Heard(answer) => Self::Heard { answer: answer.clone() },
            Input::Silence => Self::Silence,
        }
    }

    /// The input again.
    pub fn into_input(self) -> Input {
        match self {
            Self::Continue => Input::Continue,
            Self::Returned { value } => Input::Returned(value),
            Self::Failed { fault } => Input::Failed(fault),
            Self::Heard { answer } => Input::Heard(answer),
            Self::Silence => Input::Silence,
        }
    }
}

impl TapedStep {
    /// A step as it is kept; nothing for words, which are messages.
    pub fn of(step: &Step) -> Option<Self> {
        Some(match step {
            Step::Say(_) => return None,
            Step::Call(HostCall { keyword, args, .. }) => Self::Call {
                keyword: (*keyword).to_owned(),
                args: without_secrets_in(&args.0),
            },
            Step::Script(ScriptCall { name, args }) => Self::Script {
                name: name.clone(),
                args: args.iter().map(without_secrets).collect(),
            },
            Step::Hear(spec) => Self::Hear { spec: spec.clone() },
            Step::Done(value) => Self::Done {
                value: without_secrets(value),
            },
            Step::Fault(fault) => Self::Fault { fault: fault.clone() },
        })
    }
}

/// Whether the conversations of a bot are recorded.
pub fn is_wanted(bot: &Bot) -> bool {
    bot.settings.flag(SETTING) == Some(true)
}

/// The value with nothing in place of its secrets.
pub fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Secret(_) => Value::Secret(Secret::new("")),
        Value::List(items) => Value::List(items.iter().map(without_secrets).collect()),
        Value::Map(map) => Value::Map(without_secrets_in(map)),
        other => other.clone(),
    }
}

/// The values with nothing in place of their secrets.
pub fn without_secrets_in(map: &Map) -> Map {
    map.iter()
        .map(|(name, value)| (name.to_owned(), without_secrets(value)))
        .collect()
}
