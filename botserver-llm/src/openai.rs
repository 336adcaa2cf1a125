//! OpenAI's chat completions, as nearly every provider speaks them.

mod chunk;
mod request;

use async_trait::async_trait;
use botlib::Secret;
use botstate::model::{Finish, ModelError};
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};
use url::Url;

use self::chunk::{Chunk, Piece};
use crate::client::{
    Assembly, Event, Failure, Progress, Protocol, Question, Trouble, bearer, message_and_code, secret,
};

/// The header for keys at Azure.
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// What a server wants otherwise than OpenAI.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Quirks {
    /// The key goes into the header `api-key`.
    pub(crate) api_key: bool,
    /// Usage comes unasked, and asking for it is refused.
    pub(crate) usage_unasked: bool,
    /// Ids of calls have nine letters and digits.
    pub(crate) short_ids: bool,
}

/// The protocol with a key.
#[derive(Debug)]
pub(crate) struct OpenAi {
    key: Option<Secret>,
    quirks: Quirks,
}

impl OpenAi {
    /// The protocol as a server with these quirks speaks it.
    pub(crate) fn new(key: Option<Secret>, quirks: Quirks) -> Self {
        Self { key, quirks }
    }
}

#[async_trait]
impl Protocol for OpenAi {
    fn encode(&self, question: &Question<'_>) -> Result<Bytes, ModelError> {
        request::encode(question, self.quirks)
    }

    async fn authorize(&self, headers: &mut HeaderMap, _: &Url, _: &[u8]) -> Result<(), Failure> {
        if let Some(key) = &self.key {
            let (name, value) = if self.quirks.api_key {
                (API_KEY, secret(key.expose())?)
            } else {
                (AUTHORIZATION, bearer(key.expose())?)
            };
            headers.insert(name, value);
        }
        Ok(())
    }

    fn key(&self) -> Option<&Secret> {
        self.key.as_ref()
    }

    fn feed(&self, event: Event<'_>, assembly: &mut Assembly) -> Result<Progress, Trouble> {
        if event.data == "[DONE]" {
            return Ok(Progress::Whole);
        }
        let chunk: Chunk = serde_json::from_str(event.data)
            .map_err(|error| Trouble::Garbled(format!("a chunk is not JSON: {error}")))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(refused(&error));
        }
        if let Some(usage) = chunk.usage {
            *assembly.usage() = usage.into();
        }
        for choice in chunk.choices.unwrap_or_default() {
            if choice.index != 0 {
                continue;
            }
            if let Some(piece) = choice.delta.or(choice.message) {
                take(piece, assembly)?;
            }
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                assembly.finish(finish(&reason)?);
            }
        }
        Ok(Progress::More)
    }
}

fn take(piece: Piece, assembly: &mut Assembly) -> Result<(), Trouble> {
    // Some servers send both names of the same reasoning.
    let reasoning = if piece.reasoning_content.text.is_empty() {
        piece.reasoning
    } else {
        piece.reasoning_content
    };
    assembly.thought(reasoning.text);
    assembly.thought(piece.content.reasoning);
    assembly.tagged_text(piece.content.text);
    assembly.tagged_text(piece.refusal.text);
    for fragment in piece.tool_calls.into_iter().flatten() {
        let function = fragment.function.unwrap_or_default();
        assembly.call_part(
            fragment.index,
            fragment.id.unwrap_or_default(),
            &function.name.unwrap_or_default(),
            &function.arguments.0,
        )?;
    }
    Ok(())
}

fn finish(reason: &str) -> Result<Finish, Trouble> {
    Ok(match reason {
        "length" | "max_tokens" | "model_length" => Finish::Length,
        "tool_calls" | "function_call" | "tool_use" => Finish::ToolCalls,
        "content_filter" | "safety" => Finish::Filtered,
        "error" => return Err(Trouble::Refused(500, "it ended the answer with an error".to_owned())),
        _ => Finish::Stop,
    })
}

fn refused(error: &serde_json::Value) -> Trouble {
    let (message, code) = message_and_code(error);
    let status = code
        .and_then(|code| code.parse().ok())
        .filter(|code| (400..600).contains(code))
        .unwrap_or(500);
    Trouble::Refused(
        status,
        if message.is_empty() {
            "it reported an error".to_owned()
        } else {
            message
        },
    )
}
