//! Anthropic's messages API, version 2023-06-01, as its reference describes it.

mod event;
mod request;

use async_trait::async_trait;
use botlib::Secret;
use botstate::model::{Finish, ModelError};
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use self::event::{Block, Piece, WireEvent};
use crate::client::{Assembly, Event, Failure, Progress, Protocol, Question, Trouble, secret};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const VERSION: HeaderName = HeaderName::from_static("anthropic-version");

/// The protocol with a key.
#[derive(Debug)]
pub(crate) struct Anthropic {
    key: Option<Secret>,
    longest: Option<u32>,
}

impl Anthropic {
    /// The protocol for a model whose longest answer has `longest` tokens, where that is known.
    pub(crate) fn new(key: Option<Secret>, longest: Option<u32>) -> Self {
        Self { key, longest }
    }
}

#[async_trait]
impl Protocol for Anthropic {
    fn encode(&self, question: &Question<'_>) -> Result<Bytes, ModelError> {
        request::encode(question, self.longest)
    }

    async fn authorize(&self, headers: &mut HeaderMap, _: &Url, _: &[u8]) -> Result<(), Failure> {
        headers.insert(VERSION, HeaderValue::from_static("2023-06-01"));
        if let Some(key) = &self.key {
            headers.insert(API_KEY, secret(key.expose())?);
        }
        Ok(())
    }

    fn key(&self) -> Option<&Secret> {
        self.key.as_ref()
    }

    fn feed(&self, event: Event<'_>, assembly: &mut Assembly) -> Result<Progress, Trouble> {
        let event: WireEvent = serde_json::from_str(event.data)
            .map_err(|error| Trouble::Garbled(format!("an event is not JSON: {error}")))?;
        match event {
            WireEvent::MessageStart { message } => message.usage.add_to(assembly.usage()),
            WireEvent::ContentBlockStart { index, content_block } => match content_block {
                Block::Text { text } => assembly.text(text),
                Block::Thinking { thinking } => assembly.thought(thinking),
                Block::ToolUse { id, name, input } => {
                    // The arguments follow in parts; a proxy may send them here at once.
                    let whole = input.as_object().is_some_and(|input| !input.is_empty());
                    let arguments = if whole { input.to_string() } else { String::new() };
                    assembly.call_part(Some(index), id, &name, &arguments)?;
                }
                Block::Other => {}
            },
            WireEvent::ContentBlockDelta { index, delta } => match delta {
                Piece::Text { text } => assembly.text(text),
                Piece::Thinking { thinking } => assembly.thought(thinking),
                Piece::InputJson { partial_json } => {
                    assembly.call_part(Some(index), String::new(), "", &partial_json)?;
                }
                Piece::Other => {}
            },
            WireEvent::MessageDelta { delta, usage } => {
                if let Some(usage) = usage {
                    usage.add_to(assembly.usage());
                }
                if let Some(reason) = delta.stop_reason {
                    assembly.finish(finish(&reason));
                }
            }
            WireEvent::MessageStop => return Ok(Progress::Whole),
            WireEvent::Error { error } => return Err(Trouble::Refused(status(&error.kind), error.message)),
            WireEvent::Other => {}
        }
        Ok(Progress::More)
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolCalls,
        "refusal" => Finish::Filtered,
        _ => Finish::Stop,
    }
}

/// The status that an error inside a stream would have had before it.
fn status(kind: &str) -> u16 {
    match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 500,
    }
}
