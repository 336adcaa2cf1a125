//! Chunks in, pieces of the port out.

use std::collections::VecDeque;

use botlib::RequestId;
use botstate::model::{Delta, Finish, ToolCall, Usage};
use serde::de::IgnoredAny;

use super::{
    chunk::{Chunk, Fragment, Piece},
    refusal::message_and_code,
    request::Names,
    think::Think,
};

/// Calls in one answer, and bytes of their arguments together, at most.
const CALLS: usize = 64;
const ARGUMENTS: usize = 1 << 20;

/// Why a chunk cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It breaks the protocol.
    Garbled(String),
    /// It says that the provider failed, as if with that HTTP status.
    Refused(u16, String),
}

/// Puts an answer together.
#[derive(Debug)]
pub(super) struct Assembler {
    names: Names,
    think: Think,
    calls: Vec<Partial>,
    argument_bytes: usize,
    out: VecDeque<Delta>,
    begun: bool,
    finish: Option<Finish>,
    usage: Option<Usage>,
    closed: bool,
}

/// A call of which more may come.
#[derive(Debug, Default)]
struct Partial {
    index: Option<u32>,
    id: String,
    name: String,
    arguments: String,
}

impl Assembler {
    /// An assembler of an answer whose tools are called `names`.
    pub(super) fn new(names: Names) -> Self {
        Self {
            names,
            think: Think::default(),
            calls: Vec::new(),
            argument_bytes: 0,
            out: VecDeque::new(),
            begun: false,
            finish: None,
            usage: None,
            closed: false,
        }
    }

    /// Takes in the data of an event.
    pub(super) fn feed(&mut self, data: &str) -> Result<(), Trouble> {
        let chunk: Chunk =
            serde_json::from_str(data).map_err(|error| Trouble::Garbled(format!("a chunk is not JSON: {error}")))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(refused(&error));
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.into());
        }
        for choice in chunk.choices.unwrap_or_default() {
            if choice.index != 0 {
                continue;
            }
            if let Some(piece) = choice.delta.or(choice.message) {
                self.take(piece)?;
            }
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                self.finish = Some(finish(&reason)?);
                self.begun = true;
            }
        }
        Ok(())
    }

    /// The next piece that is ready.
    pub(super) fn pop(&mut self) -> Option<Delta> {
        self.out.pop_front()
    }

    /// Whether anything of the answer has come.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether the model said why it ended; only its cost may still come.
    pub(super) fn has_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Nothing follows: puts out what was held back, the calls and the end.
    pub(super) fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        self.begun = true;
        self.think.close(&mut self.out);
        let finish = self.finish.unwrap_or(Finish::Stop);
        // An answer that was cut short may have been cut inside a call.
        let whole =
            |call: &Partial| finish != Finish::Length || serde_json::from_str::<IgnoredAny>(&call.arguments).is_ok();
        let calls = std::mem::take(&mut self.calls);
        let mut called = false;
        for call in calls.into_iter().filter(|call| !call.name.is_empty()).filter(whole) {
            called = true;
            self.out.push_back(Delta::Call(ToolCall {
                id: if call.id.is_empty() {
                    format!("call_{}", RequestId::new())
                } else {
                    call.id
                },
                name: self.names.original(call.name),
                arguments: if call.arguments.is_empty() {
                    "{}".to_owned()
                } else {
                    call.arguments
                },
                signature: None,
            }));
        }
        let finish = match finish {
            Finish::Stop if called => Finish::ToolCalls,
            Finish::ToolCalls if !called => Finish::Stop,
            other => other,
        };
        self.out.push_back(Delta::End {
            finish,
            usage: self.usage,
            by: None,
        });
    }

    fn take(&mut self, piece: Piece) -> Result<(), Trouble> {
        // Some servers send both names of the same reasoning.
        let reasoning = if piece.reasoning_content.text.is_empty() {
            piece.reasoning
        } else {
            piece.reasoning_content
        };
        for thought in [reasoning.text, piece.content.reasoning] {
            if !thought.is_empty() {
                self.begun = true;
                self.out.push_back(Delta::Reasoning(thought));
            }
        }
        for text in [piece.content.text, piece.refusal.text] {
            self.begun |= !text.is_empty();
            self.think.feed(text, &mut self.out);
        }
        for fragment in piece.tool_calls.into_iter().flatten() {
            self.begun = true;
            self.take_fragment(fragment)?;
        }
        Ok(())
    }

    fn take_fragment(&mut self, fragment: Fragment) -> Result<(), Trouble> {
        let id = fragment.id.unwrap_or_default();
        let function = fragment.function.unwrap_or_default();
        self.argument_bytes += function.arguments.0.len();
        if self.argument_bytes > ARGUMENTS {
            return Err(Trouble::Garbled(format!(
                "its calls have more than {} KiB of arguments",
                ARGUMENTS >> 10
            )));
        }
        // Another id is another call even where a server counts all of them as number 0 or not at all.
        let same = |call: &&mut Partial| {
            (fragment.index.is_none() || call.index == fragment.index)
                && (id.is_empty() || call.id.is_empty() || call.id == id)
        };
        let name = function.name.unwrap_or_default();
        if let Some(call) = self.calls.iter_mut().rev().find(same) {
            if call.id.is_empty() {
                call.id = id;
            }
            // A name comes once, in parts, or again with every fragment.
            if call.name != name {
                call.name.push_str(&name);
            }
            call.arguments.push_str(&function.arguments.0);
            return Ok(());
        }
        if self.calls.len() == CALLS {
            return Err(Trouble::Garbled(format!("it has more than {CALLS} calls")));
        }
        self.calls.push(Partial {
            index: fragment.index,
            id,
            name,
            arguments: function.arguments.0,
        });
        Ok(())
    }
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
