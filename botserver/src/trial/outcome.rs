//! What a step brought about.

use std::{collections::BTreeMap, fmt};

use botlib::wire::{InputSpec, Suggestion};
use botserver_tasks::Planned;
use serde_json::{Map, Value};

/// What a step brought about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// Whole messages of the bot.
    pub(crate) said: Vec<String>,
    /// The chips that are on offer at its end.
    pub(crate) suggestions: Vec<Suggestion>,
    /// What the bot waits for.
    pub(crate) input: Option<InputSpec>,
    /// What the script gave back.
    pub(crate) returns: Value,
    /// What the page was told to do.
    pub(crate) page: Vec<(String, Value)>,
    /// Why dialogs could not go on.
    pub(crate) faults: Vec<String>,
    /// Why the server did not take what was sent.
    pub(crate) refused: Vec<String>,
    /// What is remembered under the keys that the step asks for, as `bot key`.
    pub(crate) memory: BTreeMap<String, Value>,
    /// Rows of the tables that the step asks for.
    pub(crate) rows: BTreeMap<String, Value>,
    /// The files that the step asks for: text or rows; null for those that are not there.
    pub(crate) files: BTreeMap<String, Value>,
    /// All that is planned, with rules as the step writes those that mean the same.
    pub(crate) schedules: Vec<Planned>,
    /// Requests to the outside.
    pub(crate) http: Vec<Fetched>,
    /// Questions to the model.
    pub(crate) model: Vec<Asked>,
}

/// A request to the outside.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fetched {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    /// JSON where it is, else text; null for none.
    pub(crate) body: Value,
}

impl fmt::Display for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)?;
        if self.body.is_null() {
            return Ok(());
        }
        write!(f, " {}", self.body)
    }
}

/// A question to the model: the body of the request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked(pub(crate) Value);

impl Asked {
    /// The texts of all messages.
    pub(crate) fn texts(&self) -> Vec<String> {
        let messages = self.0.get("messages").and_then(Value::as_array);
        messages.into_iter().flatten().map(content).collect()
    }

    /// The text of the last message.
    pub(crate) fn question(&self) -> String {
        self.texts().pop().unwrap_or_default()
    }

    /// What was offered, by name: `description` and `parameters`.
    pub(crate) fn tools(&self) -> Map<String, Value> {
        let tools = self.0.get("tools").and_then(Value::as_array);
        let functions = tools.into_iter().flatten().filter_map(|tool| tool.get("function"));
        functions
            .filter_map(|function| Some((function.get("name")?.as_str()?.to_owned(), function.clone())))
            .collect()
    }
}

fn content(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
