//! The events of an answer on the wire. Kinds that are not known are passed over, as the reference asks.

use botstate::model::Usage;
use serde::Deserialize;
use serde_json::Value;

/// One event.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum WireEvent {
    MessageStart {
        message: Message,
    },
    ContentBlockStart {
        index: u32,
        content_block: Block,
    },
    ContentBlockDelta {
        index: u32,
        delta: Piece,
    },
    MessageDelta {
        delta: MessageDelta,
        usage: Option<WireUsage>,
    },
    MessageStop,
    Error {
        error: WireError,
    },
    #[serde(other)]
    Other,
}

/// The beginning of an answer.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) usage: WireUsage,
}

/// The beginning of a block.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    Thinking {
        #[serde(default)]
        thinking: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    #[serde(other)]
    Other,
}

/// More of a block.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Piece {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(other)]
    Other,
}

/// Why an answer ended.
#[derive(Debug, Deserialize)]
pub(super) struct MessageDelta {
    pub(super) stop_reason: Option<String>,
}

/// What went wrong.
#[derive(Debug, Deserialize)]
pub(super) struct WireError {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) message: String,
}

/// Tokens as the wire counts them: those of the cache apart from the others, later counts in place of earlier ones.
#[derive(Debug, Default, Deserialize)]
#[expect(clippy::struct_field_names, reason = "these are the names on the wire")]
pub(super) struct WireUsage {
    input_tokens: Option<u32>,
    output_tokens: Option<u32>,
    cache_creation_input_tokens: Option<u32>,
    cache_read_input_tokens: Option<u32>,
}

impl WireUsage {
    pub(super) fn add_to(&self, usage: &mut Usage) {
        if let Some(input) = self.input_tokens {
            let cached = self.cache_read_input_tokens.unwrap_or(usage.cached_tokens);
            usage.cached_tokens = cached;
            usage.input_tokens = input
                .saturating_add(cached)
                .saturating_add(self.cache_creation_input_tokens.unwrap_or_default());
        }
        if let Some(output) = self.output_tokens {
            usage.output_tokens = output;
        }
    }
}
