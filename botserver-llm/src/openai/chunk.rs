//! The chunks of an answer on the wire.
//!
//! Everything is optional and read leniently: providers agree on the middle of the protocol, not on its edges.

use std::fmt;

use botstate::model::Usage;
use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// One event, or a whole answer of a provider that does not stream.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk {
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) usage: Option<WireUsage>,
    pub(super) error: Option<serde_json::Value>,
}

/// One of the answers; only one is ever asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    pub(super) index: u32,
    pub(super) delta: Option<Piece>,
    pub(super) message: Option<Piece>,
    pub(super) finish_reason: Option<String>,
}

/// What a chunk adds.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Piece {
    #[serde(default)]
    pub(super) content: Words,
    #[serde(default)]
    pub(super) refusal: Words,
    #[serde(default)]
    pub(super) reasoning_content: Words,
    #[serde(default)]
    pub(super) reasoning: Words,
    pub(super) tool_calls: Option<Vec<Fragment>>,
}

/// A part of a tool call.
#[derive(Debug, Deserialize)]
pub(super) struct Fragment {
    pub(super) index: Option<u32>,
    pub(super) id: Option<String>,
    pub(super) function: Option<Function>,
}

/// The function of a tool call.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Function {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) arguments: Arguments,
}

/// Tokens as the wire counts them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<WireDetails>,
    completion_tokens_details: Option<WireDetails>,
    /// `DeepSeek`'s word for tokens from its cache.
    prompt_cache_hit_tokens: Option<u64>,
}

/// What the counts consist of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireDetails {
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        let tokens = |count: Option<u64>| count.unwrap_or_default().try_into().unwrap_or(u32::MAX);
        let (input, output) = (usage.prompt_tokens_details, usage.completion_tokens_details);
        let cached = input.and_then(|details| details.cached_tokens);
        Self {
            input_tokens: tokens(usage.prompt_tokens),
            output_tokens: tokens(usage.completion_tokens),
            cached_tokens: tokens(cached.or(usage.prompt_cache_hit_tokens)),
            reasoning_tokens: tokens(output.and_then(|details| details.reasoning_tokens)),
            ..Self::default()
        }
    }
}

/// Text, or a list of parts of which some are text and some reasoning.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) text: String,
    pub(super) reasoning: String,
}

/// One part of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WordsPart {
    text: Option<String>,
    thinking: Words,
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of parts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Words, E> {
                Ok(Words {
                    text: text.to_owned(),
                    reasoning: String::new(),
                })
            }

            fn visit_unit<E: de::Error>(self) -> Result<Words, E> {
                Ok(Words::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Words, A::Error> {
                let mut words = Words::default();
                while let Some(part) = parts.next_element::<WordsPart>()? {
                    words.text.push_str(&part.text.unwrap_or_default());
                    words.reasoning.push_str(&part.thinking.text);
                }
                Ok(words)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Words::default())
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

/// The arguments of a call: JSON text, or (from some local servers) the object itself.
#[derive(Debug, Default)]
pub(super) struct Arguments(pub(super) String);

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Arguments;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON text or an object")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Arguments, E> {
                Ok(Arguments(text.to_owned()))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Arguments, E> {
                Ok(Arguments::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Arguments, A::Error> {
                let object = serde_json::Value::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Arguments(object.to_string()))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}
