//! The events of an answer on the wire.

use botstate::model::Usage;
use serde::{Deserialize, de::DeserializeOwned};

use crate::client::Trouble;

/// The payload of an event.
pub(super) fn parse<T: DeserializeOwned>(data: &str) -> Result<T, Trouble> {
    serde_json::from_str(data).map_err(|error| Trouble::Garbled(format!("an event cannot be read: {error}")))
}

/// The beginning of a block.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockStart {
    pub(super) content_block_index: u32,
    pub(super) start: Start,
}

/// What a block begins with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Start {
    pub(super) tool_use: Option<ToolUse>,
}

/// A call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolUse {
    pub(super) tool_use_id: String,
    pub(super) name: String,
}

/// More of a block.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockDelta {
    pub(super) content_block_index: u32,
    pub(super) delta: Piece,
}

/// What a block goes on with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Piece {
    pub(super) text: Option<String>,
    pub(super) tool_use: Option<Input>,
    pub(super) reasoning_content: Option<Thought>,
}

/// More of a call's arguments.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    pub(super) input: String,
}

/// More of the reasoning.
#[derive(Debug, Deserialize)]
pub(super) struct Thought {
    pub(super) text: Option<String>,
}

/// Why an answer ended.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stop {
    pub(super) stop_reason: String,
}

/// What an answer cost.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) usage: WireUsage,
}

/// Tokens as the wire counts them: those of the cache apart from the others.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_field_names, reason = "these are the names on the wire")]
pub(super) struct WireUsage {
    input_tokens: u32,
    output_tokens: u32,
    cache_read_input_tokens: u32,
    cache_write_input_tokens: u32,
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        let cache = usage
            .cache_read_input_tokens
            .saturating_add(usage.cache_write_input_tokens);
        Self {
            input_tokens: usage.input_tokens.saturating_add(cache),
            output_tokens: usage.output_tokens,
            cached_tokens: usage.cache_read_input_tokens,
            ..Self::default()
        }
    }
}

/// What went wrong.
#[derive(Debug, Deserialize)]
pub(super) struct Exception {
    #[serde(default, alias = "Message")]
    pub(super) message: String,
}
