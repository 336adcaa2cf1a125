//! The files of tests: what stands in them, and what is wrong with them.

mod read;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use read::{Written, read};

use super::{
    expect::Expect,
    pattern::{self, Span},
};

/// One test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    pub(crate) name: String,
    /// The package that is tested; the one that the file lies in when absent.
    pub(crate) bot: Option<String>,
    /// Packages beside it that it works with.
    #[serde(default)]
    pub(crate) with: Vec<String>,
    /// The moment at which the test begins.
    #[serde(default = "beginning", deserialize_with = "pattern::moment")]
    pub(crate) clock: DateTime<Utc>,
    /// The client's language.
    pub(crate) locale: Option<String>,
    /// Chance: another number gives other random values.
    #[serde(default)]
    pub(crate) seed: u64,
    /// Rows of config.csv in place of those that are there.
    #[serde(default)]
    pub(crate) config: BTreeMap<String, Value>,
    /// What the conversation knows before it begins.
    #[serde(default)]
    pub(crate) session: Map<String, Value>,
    #[serde(default)]
    pub(crate) memory: Memory,
    /// Answers to requests to the outside.
    #[serde(default)]
    pub(crate) http: Vec<HttpAnswer>,
    /// Answers of the model.
    #[serde(default)]
    pub(crate) model: Vec<ModelAnswer>,
    pub(crate) steps: Vec<Step>,
    /// Rows of the bot's tables.
    #[serde(default)]
    pub(crate) tables: Tables,
    /// Files of the bot, by path: a text as it is, rows of a data file, anything else as JSON.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, Value>,
    /// Scripts that run at a time, besides those that packages declare.
    #[serde(default)]
    pub(crate) schedules: Vec<Scheduled>,
}

/// A script that runs at a time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scheduled {
    pub(crate) script: String,
    /// A cron expression, a phrase or a moment, as SET SCHEDULE takes it.
    pub(crate) when: String,
    /// Values for its parameters, in order.
    #[serde(default)]
    pub(crate) args: Vec<Value>,
}

/// Rows by the names of their tables.
pub(crate) type Tables = BTreeMap<String, Vec<Map<String, Value>>>;

/// 2030-01-01, a Tuesday: a day that no script is written for.
fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_893_492_000, 0).unwrap_or_default()
}

/// What is remembered before the test begins.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Memory {
    pub(crate) bot: Map<String, Value>,
    pub(crate) user: Map<String, Value>,
}

/// An answer to a request to the outside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpAnswer {
    /// The method; any when absent.
    pub(crate) method: Option<String>,
    /// The whole address; `*` stands for any text.
    pub(crate) url: String,
    #[serde(default = "fine")]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// A text as it is, anything else as JSON.
    #[serde(default)]
    pub(crate) body: Value,
    /// How often it answers; without an end when absent.
    pub(crate) times: Option<u32>,
}

fn fine() -> u16 {
    200
}

/// An answer of the model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModelAnswer {
    /// Answers only a last message that contains this.
    pub(crate) when: Option<String>,
    /// What it says.
    pub(crate) say: Option<String>,
    /// The tools that it calls.
    pub(crate) calls: Vec<ToolStep>,
    /// A status of error that is answered instead.
    pub(crate) fail: Option<u16>,
    /// Whether it answers again and again, and not once.
    pub(crate) always: bool,
}

/// A tool with its arguments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolStep {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) args: Map<String, Value>,
}

/// One step: something happens, and something is expected.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Step {
    /// Somebody writes this.
    pub(crate) say: Option<Value>,
    /// Somebody clicks on the suggestion with this text.
    pub(crate) click: Option<String>,
    /// A tool is run with arguments.
    pub(crate) tool: Option<ToolStep>,
    /// Somebody sends a file.
    pub(crate) attach: Option<Attachment>,
    /// Time goes by.
    #[serde(alias = "wait")]
    pub(crate) pass: Option<Span>,
    /// A script is run by its schedule.
    pub(crate) job: Option<Value>,
    /// An event is published.
    pub(crate) event: Option<Published>,
    /// A webhook is called.
    pub(crate) webhook: Option<Webhook>,
    pub(crate) expect: Expect,
}

/// An event that is published.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) data: Value,
}

/// A call of a webhook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// The endpoint that the script names.
    pub(crate) path: String,
    #[serde(default = "post")]
    pub(crate) method: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) params: BTreeMap<String, String>,
    /// A text as it is, anything else as JSON.
    #[serde(default)]
    pub(crate) body: Value,
}

fn post() -> String {
    "POST".to_owned()
}

/// A file that somebody sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attachment {
    /// Its name.
    pub(crate) name: String,
    /// Its media type.
    #[serde(default = "plain")]
    pub(crate) mime: String,
    /// What it holds, as text.
    pub(crate) content: String,
    /// What is written with it.
    #[serde(default)]
    pub(crate) text: String,
}

fn plain() -> String {
    "text/plain".to_owned()
}

impl Step {
    /// What happens, in a few words.
    pub(crate) fn title(&self) -> String {
        if let Some(text) = &self.say {
            format!("say {}", pattern::text(text))
        } else if let Some(text) = &self.click {
            format!("click {text:?}")
        } else if let Some(tool) = &self.tool {
            format!("tool {}", tool.name)
        } else if let Some(file) = &self.attach {
            format!("attach {}", file.name)
        } else if let Some(span) = &self.pass {
            format!("pass {}", span.text)
        } else if let Some(job) = &self.job {
            format!("job {}", pattern::text(job))
        } else if let Some(event) = &self.event {
            format!("event {}", event.name)
        } else if let Some(webhook) = &self.webhook {
            format!("webhook {}", webhook.path)
        } else {
            "expect".to_owned()
        }
    }

    /// How many things happen: more than one cannot be told apart in what is expected.
    fn happenings(&self) -> Vec<&'static str> {
        let all = [
            ("say", self.say.is_some()),
            ("click", self.click.is_some()),
            ("tool", self.tool.is_some()),
            ("attach", self.attach.is_some()),
            ("pass", self.pass.is_some()),
            ("job", self.job.is_some()),
            ("event", self.event.is_some()),
            ("webhook", self.webhook.is_some()),
        ];
        all.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect()
    }
}
