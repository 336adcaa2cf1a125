//! The port between the turn engine and the dialog language.
//!
//! A [`Dialog`] is a running script that does no I/O: it is resumed with an [`Input`] and answers with the
//! [`Step`] it needs next. The engine that drives it, stores it and delivers what it says lives elsewhere.

use std::{collections::BTreeSet, fmt, sync::Arc};

use async_trait::async_trait;
use botlib::{
    BotId, OrgId, Value,
    value::{FileRef, Map},
    wire::InputSpec,
};
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{keyword::Args, prompt::Prompt};

/// What a package makes of a bot, in the version that runs now.
#[derive(Debug)]
pub struct Bot {
    /// The id that conversations keep; derived from organisation and name, so it is the same on all nodes.
    pub id: BotId,
    /// The organisation that owns the bot.
    pub org: OrgId,
    /// The name, which is also the path of its page.
    pub name: String,
    /// The content hash of the package.
    pub version: String,
    /// Rows of `config.csv`.
    pub settings: Settings,
    /// The system prompt from `PROMPT.md`, if there is one.
    pub prompt: Option<String>,
    /// Scripts with a description, which a model may call.
    pub tools: Vec<ToolSpec>,
    /// Names of all scripts, lower case, without `.bas`.
    pub scripts: Vec<String>,
    /// What starts scripts of the bot without a person: schedules, webhooks, changes of tables, forms, events.
    pub triggers: Vec<Trigger>,
    /// Whether `start.bas` reads `user.message` and so waits for the first message.
    pub start_wants_message: bool,
    /// Whether a script chooses the collections to search with USE KB. Without one, all are searched.
    pub chooses_collections: bool,
    /// The prompts of its `.gbprompts` folder, by name.
    pub prompts: Vec<Arc<Prompt>>,
}

/// What starts a script without a person. The package declares triggers, so they come and go with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The script to start, as [`Dialogs::start`] finds it: a file such as `report`, or a block of a file such as
    /// `orders#on-insert-customers`.
    pub script: String,
    /// What starts it.
    pub kind: TriggerKind,
    /// Where it is declared, as `file:line`.
    pub place: String,
}

/// What starts a script. Every kind gives the run arguments that the script reads by these names; they are no
/// `PARAM`s and need none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerKind {
    /// `SET SCHEDULE "0 8 * * *"` outside of blocks and without a file. A schedule of another file or at a computed
    /// time is made by the keyword SET SCHEDULE when the script comes to it. No arguments.
    Schedule {
        /// The cron expression or the phrase, as the author wrote it: `0 8 * * *`, `every 1 hour`.
        when: String,
    },
    /// `WEBHOOK "endpoint"`. Arguments: `body`, `params`, `headers`, `method`, `path`. What the run returns is the
    /// answer: a map with `status`, `body` and `headers`; a script that returns nothing returns its variable `result`,
    /// else a map of its variables `result_…`.
    Webhook {
        /// The endpoint in lower case, blanks as `-`, only `a-z 0-9 - _`.
        endpoint: String,
    },
    /// `ON INSERT OF "table"`. Arguments: `params`, the row after the change (for DELETE the row before), and
    /// `old`, the row before.
    Change {
        /// The table, as the author wrote it.
        table: String,
        /// What happened to the row.
        operation: Operation,
    },
    /// `ON FORM SUBMIT "form"`. Arguments: `fields`, `metadata`, and `params`, which is `fields` again.
    Form {
        /// The form.
        name: String,
    },
    /// `ON EVENT "name" DO`. Arguments: `params`, what PUBLISH EVENT gave with the event.
    Event {
        /// The event.
        name: String,
    },
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// It is new.
    Insert,
    /// It is another.
    Update,
    /// It is gone.
    Delete,
}

impl Operation {
    /// The name in lower case, as section names have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl TriggerKind {
    /// Names that a run of the script finds set by what started it.
    pub fn names(&self) -> &'static [&'static str] {
        match self {
            Self::Schedule { .. } => &[],
            Self::Webhook { .. } => &["body", "params", "headers", "method", "path"],
            Self::Change { .. } => &["params", "old"],
            Self::Form { .. } => &["params", "fields", "metadata"],
            Self::Event { .. } => &["params"],
        }
    }
}

impl Bot {
    /// The tool called `name`, in any letter case.
    pub fn tool(&self, name: &str) -> Option<&ToolSpec> {
        self.tools.iter().find(|tool| tool.name.eq_ignore_ascii_case(name))
    }

    /// Whether there is a script called `name`, in any letter case.
    pub fn has_script(&self, name: &str) -> bool {
        self.scripts.iter().any(|script| script.eq_ignore_ascii_case(name))
    }
}

/// Rows of a package's `config.csv`: names in any letter case, placeholders count as unset.
#[derive(Debug, Clone, Default)]
pub struct Settings(IndexMap<String, String>);

impl Settings {
    /// Settings from rows; of two rows with the same name the last one counts.
    pub fn new(rows: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            rows.into_iter()
                .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
                .collect(),
        )
    }

    /// The value of `name`, unless it is empty, `none`, `null` or `n/a`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(&name.to_lowercase())?.as_str();
        let unset = ["", "none", "null", "n/a"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word));
        (!unset).then_some(value)
    }

    /// The value of `name` as a boolean: `true`, `yes`, `on` and `1` are true, anything else false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| {
            ["true", "yes", "on", "1"]
                .iter()
                .any(|word| value.eq_ignore_ascii_case(word))
        })
    }

    /// The value of `name` as whatever it can be read as; absent when it cannot.
    pub fn parse<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// A row's value as what it looks like: a number, true or false, else a text.
    pub fn typed(text: &str) -> Value {
        if let Ok(number) = text.parse::<i64>() {
            return Value::Int(number);
        }
        match text.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => text
                .parse::<Decimal>()
                .map_or_else(|_| Value::text(text), Value::Decimal),
        }
    }

    /// All rows, names in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A script that a model may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// The name: the script's, at most 64 of `a-z A-Z 0-9 _ -`.
    pub name: String,
    /// What it does, from `DESCRIPTION`.
    pub description: String,
    /// JSON schema of its arguments, from `PARAM` lines.
    pub parameters: serde_json::Value,
}

/// The bots that are mounted.
pub trait Bots: Send + Sync + 'static {
    /// The bot of that name (any letter case) or id.
    fn find(&self, name_or_id: &str) -> Option<Arc<Bot>>;

    /// The bot with that id.
    fn get(&self, id: BotId) -> Option<Arc<Bot>>;

    /// Every bot, by name.
    fn list(&self) -> Vec<Arc<Bot>>;

    /// Problems of the bot's package as rendered text; empty when there are none.
    fn diagnostics(&self, name: &str) -> Vec<String>;
}

/// Starts and restores dialogs.
#[async_trait]
pub trait Dialogs: Send + Sync + 'static {
    /// Prepares the script called `script` of `bot` (in its running version) with `args` as its parameters,
    /// positioned before its first statement.
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] when there is no such script, [`FaultKind::Argument`] when an argument does not
    /// fit its `PARAM`; arguments that are not given are null.
    async fn start(&self, bot: &Bot, script: &str, args: Map, env: &Env) -> Result<Box<dyn Dialog>, Fault>;

    /// Checks and converts arguments that a model or a client gave for a tool.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] naming every argument that is missing or does not fit.
    fn check_arguments(&self, bot: &Bot, tool: &str, args: &serde_json::Value) -> Result<Map, Fault>;

    /// The phrases of all keywords that a script may come to, those of scripts that it runs included; nothing when that
    /// cannot be told.
    fn reach(&self, _bot: &Bot, _script: &str) -> Option<BTreeSet<String>> {
        None
    }

    /// Restores a dialog from what [`Dialog::save`] gave, with the program it was started with.
    ///
    /// # Errors
    /// [`FaultKind::State`] when the text is damaged or its program is gone.
    async fn restore(&self, bot: &Bot, state: &str) -> Result<Box<dyn Dialog>, Fault>;
}

/// A running script.
pub trait Dialog: Send {
    /// Runs to the next step. Blocks the thread for at most the limits of the bot; see [`Dialog::is_brief`].
    fn resume(&mut self, input: Input, env: &Env) -> Step;

    /// Whether the next [`Dialog::resume`] is bound to be short: nothing that loops runs without a step.
    fn is_brief(&self) -> bool;

    /// Whether a debugger may let the next [`Dialog::resume`] stand for minutes: it then runs on a thread of its own
    /// that counts as none that computes.
    fn may_stand(&self, _env: &Env) -> bool {
        false
    }

    /// The whole state as JSON text: program hash, frames, variables, loops.
    ///
    /// # Errors
    /// [`FaultKind::Limit`] when it is larger than the bot may keep (1 MiB by default).
    fn save(&self) -> Result<String, Fault>;

    /// The name of the script.
    fn script(&self) -> &str;

    /// Fills what a script may spend in one turn, as an answer of a person does: it goes on in a new one.
    fn refresh(&mut self) {}

    /// The variables by which a script gives something back without RETURN: `result`, and those that begin with
    /// `result_`.
    fn results(&self) -> Map {
        Map::new()
    }
}

/// What surrounds a run: everything that a script can see without asking for it.
#[derive(Debug, Clone)]
pub struct Env {
    /// The present moment.
    pub now: DateTime<Utc>,
    /// IANA name of the bot's time zone, such as `America/Sao_Paulo`.
    pub zone: String,
    /// BCP 47 tag of the visitor's language, such as `pt-BR`.
    pub locale: String,
    /// Seed of the random functions, new for every turn and kept in its record.
    pub seed: u64,
    /// Names that scripts find set: `user`, `username`, `session`, `channel`, rows `param-*` of the settings.
    pub names: Arc<Map>,
}

/// With what a dialog is resumed.
#[derive(Debug)]
pub enum Input {
    /// Nothing: the first run, or after [`Step::Say`].
    Continue,
    /// The result of a [`Step::Call`] or [`Step::Script`].
    Returned(Value),
    /// The call failed; the script may handle it.
    Failed(Fault),
    /// The answer to a [`Step::Hear`].
    Heard(Answer),
    /// Nobody answered a [`Step::Hear`] within its `timeout_s`: the script goes on with the default, or null.
    Silence,
}

/// What a person answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The text, or the key of the suggestion that was clicked.
    pub text: String,
    /// Files that came with it.
    pub files: Vec<FileRef>,
}

/// What a dialog needs next.
#[derive(Debug)]
pub enum Step {
    /// Say this, then resume with [`Input::Continue`].
    Say(String),
    /// Perform this keyword, then resume with its result.
    Call(HostCall),
    /// Run another script to its end, then resume with what it returned.
    Script(ScriptCall),
    /// Wait for a person's answer. The prompt was already said.
    Hear(InputSpec),
    /// The script ended with this value.
    Done(Value),
    /// The script cannot go on.
    Fault(Fault),
}

/// A keyword to perform.
#[derive(Debug, Clone)]
pub struct HostCall {
    /// Counts the calls of this dialog from 1: with the conversation it makes an idempotency key.
    pub number: u64,
    /// The canonical phrase of the keyword.
    pub keyword: &'static str,
    /// Its arguments by the names of its shape.
    pub args: Args,
}

/// Another script to run.
#[derive(Debug, Clone)]
pub struct ScriptCall {
    /// The script's name without `.bas`, lower case.
    pub name: String,
    /// Values for its `PARAM` lines, in order.
    pub args: Vec<Value>,
}

/// What kind of thing went wrong: the classes a script can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// An outside system failed or could not be reached.
    Network,
    /// The database refused.
    Data,
    /// A value does not fit where it was given.
    Argument,
    /// The caller may not do this.
    Permission,
    /// A limit was reached: steps, time, depth, size.
    Limit,
    /// A script, tool, bot or service that is not there.
    NotFound,
    /// The script itself raised it, with THROW or a failed ASSERT.
    Raised,
    /// A stored state that cannot be read.
    State,
    /// The person stopped the answer.
    Stopped,
    /// A fault of the server.
    Internal,
}

/// Why a dialog or a keyword cannot go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The class.
    pub kind: FaultKind,
    /// What was attempted and why it failed, for the author: a sentence in lower case without a full stop.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where, as `script:line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Fault {
    /// A fault of class `kind`.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            place: None,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says where, unless a place is known already.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place.get_or_insert_with(|| place.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
