//! What a step expects, and how what came differs from it.

mod compare;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use compare::compare;

use super::{
    file::Tables,
    pattern::{Patterns, Texts},
};

/// What a step expects. What it does not name is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expect {
    pub(crate) said: Option<Said>,
    pub(crate) suggestions: Option<Texts>,
    /// Whether the bot waits for an answer, or for which kind.
    pub(crate) waiting: Option<Value>,
    /// What the script gave back.
    #[serde(deserialize_with = "given")]
    pub(crate) returns: Option<Value>,
    pub(crate) memory: Option<Remembered>,
    /// Requests to the outside.
    pub(crate) http: Option<Vec<HttpCall>>,
    /// Questions to the model.
    pub(crate) model: Option<Vec<ModelCall>>,
    /// Tools that were offered to the model, with at least this of their schemas.
    pub(crate) tools: Option<Tools>,
    /// What the page is told to do.
    pub(crate) page: Option<Vec<PageEvent>>,
    /// Why the dialog could not go on.
    pub(crate) fault: Option<Texts>,
    /// Why the server did not take what was sent.
    pub(crate) refused: Option<Texts>,
    /// All rows of these tables, with at least these columns.
    pub(crate) rows: Option<Tables>,
    /// What is in these files of the bot.
    pub(crate) files: Option<BTreeMap<String, Content>>,
    /// All that is planned, and nothing else.
    pub(crate) schedules: Option<Vec<Plan>>,
    pub(crate) mail: Option<Value>,
    pub(crate) sms: Option<Value>,
    pub(crate) messages: Option<Value>,
}

/// Keeps a null that is written down apart from nothing at all.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What the bot said.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// These messages and no others.
    Exactly(Vec<String>),
    /// Messages like these.
    Like(Like),
}

/// Messages like these.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Like {
    /// These messages and no others.
    pub(crate) exactly: Option<Texts>,
    /// Each is part of some message.
    pub(crate) contains: Texts,
    /// Each regular expression is found in some message.
    pub(crate) matches: Patterns,
    /// Each was said after the one before it, in one message or several.
    pub(crate) in_order: Texts,
    /// None is part of any message.
    pub(crate) never: Texts,
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Said;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, a list of texts, or contains, matches, in_order and never")
            }

            fn visit_str<E>(self, text: &str) -> Result<Said, E> {
                Ok(Said::Exactly(vec![text.to_owned()]))
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Said, E> {
                Ok(Said::Exactly(vec![flag.to_string()]))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Said, E> {
                Ok(Said::Exactly(vec![number.to_string()]))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Said, E> {
                Ok(Said::Exactly(vec![number.to_string()]))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Said, E> {
                Ok(Said::Exactly(vec![number.to_string()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Said, A::Error> {
                let mut texts = Vec::new();
                while let Some(value) = seq.next_element::<Value>()? {
                    texts.push(super::pattern::text(&value));
                }
                Ok(Said::Exactly(texts))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Said, A::Error> {
                Like::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Said::Like)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// What is remembered; null stands for nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Remembered {
    pub(crate) bot: Map<String, Value>,
    pub(crate) user: Map<String, Value>,
    pub(crate) session: Map<String, Value>,
}

/// A request to the outside.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HttpCall {
    pub(crate) method: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(deserialize_with = "given")]
    pub(crate) body: Option<Value>,
}

/// A question to the model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModelCall {
    /// Each is part of the last message.
    pub(crate) asks: Texts,
    /// Each is part of some message, the system prompt included.
    pub(crate) contains: Texts,
    /// Part of no message.
    pub(crate) never: Texts,
}

/// Tools that were offered to the model.
#[derive(Debug, Clone)]
pub(crate) enum Tools {
    /// These names and no others.
    Names(Vec<String>),
    /// At least these, with at least this of their schemas.
    Schemas(Map<String, Value>),
}

impl<'de> Deserialize<'de> for Tools {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(schemas) => Ok(Self::Schemas(schemas)),
            Value::Array(names) => Ok(Self::Names(names.iter().map(super::pattern::text).collect())),
            _ => Err(serde::de::Error::custom("expected a list of names, or schemas by name")),
        }
    }
}

/// Something that the page is told to do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageEvent {
    pub(crate) event: String,
    #[serde(default, deserialize_with = "given")]
    pub(crate) data: Option<Value>,
}

/// What is in a file.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// There is no such file.
    Absent,
    /// This text.
    Text(String),
    /// Rows of a data file, with at least these columns.
    Rows(Vec<Value>),
    /// A text like this.
    Like(Like),
}

impl Content {
    /// Whether the file is looked at as rows and not as text.
    pub(crate) fn is_rows(&self) -> bool {
        matches!(self, Self::Rows(_))
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::Absent),
            Value::Array(rows) => Ok(Self::Rows(rows)),
            like @ Value::Object(_) => Like::deserialize(like)
                .map(Self::Like)
                .map_err(serde::de::Error::custom),
            text => Ok(Self::Text(super::pattern::text(&text))),
        }
    }
}

/// A script that is planned to run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) script: String,
    /// The rule, in any form that means the same times; any when absent.
    pub(crate) when: Option<String>,
    /// When it runs next; any moment when absent.
    #[serde(default, deserialize_with = "super::pattern::moment_or_none")]
    pub(crate) next: Option<DateTime<Utc>>,
}

impl Expect {
    /// Sections of this expectation that need a part of the server, and which are named.
    pub(crate) fn needs(&self) -> Vec<&'static str> {
        let all = [
            ("mail", self.mail.is_some()),
            ("sms", self.sms.is_some()),
            ("messages", self.messages.is_some()),
        ];
        all.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect()
    }
}
