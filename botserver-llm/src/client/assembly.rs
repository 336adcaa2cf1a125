//! What came of an answer so far, and the pieces of the port that follow from it.

use std::collections::VecDeque;

use botlib::RequestId;
use botstate::model::{Delta, Finish, ToolCall, Usage};
use serde::de::IgnoredAny;

use super::{names::Names, think::Think};

/// Calls in one answer, and bytes of their arguments together, at most.
const CALLS: usize = 64;
const ARGUMENTS: usize = 1 << 20;

/// Why a chunk cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It breaks the protocol.
    Garbled(String),
    /// It says that the provider failed, as if with that HTTP status.
    Refused(u16, String),
}

/// Puts an answer together.
#[derive(Debug)]
pub(crate) struct Assembly {
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
    signature: Option<String>,
}

impl Assembly {
    /// The beginning of an answer whose tools are called `names`.
    pub(crate) fn new(names: Names) -> Self {
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

    /// The model says `text`.
    pub(crate) fn text(&mut self, text: String) {
        if !text.is_empty() {
            self.begun = true;
            self.out.push_back(Delta::Text(text));
        }
    }

    /// The model says `text`, in which it may have put its reasoning between tags.
    pub(crate) fn tagged_text(&mut self, text: String) {
        self.begun |= !text.is_empty();
        self.think.feed(text, &mut self.out);
    }

    /// The model thinks `thought`.
    pub(crate) fn thought(&mut self, thought: String) {
        if !thought.is_empty() {
            self.begun = true;
            self.out.push_back(Delta::Reasoning(thought));
        }
    }

    /// The answer ended for that reason; only its cost may still come.
    pub(crate) fn finish(&mut self, finish: Finish) {
        self.finish = Some(finish);
        self.begun = true;
    }

    /// The tokens so far.
    pub(crate) fn usage(&mut self) -> &mut Usage {
        self.usage.get_or_insert_default()
    }

    /// A whole call.
    pub(crate) fn whole_call(
        &mut self,
        id: String,
        name: &str,
        arguments: &str,
        signature: Option<String>,
    ) -> Result<(), Trouble> {
        let index = u32::try_from(self.calls.len()).ok();
        self.call_part(index, id, name, arguments)?;
        if let Some(call) = self.calls.last_mut() {
            call.signature = signature;
        }
        Ok(())
    }

    /// A part of the call number `index`, or of the last one with that id.
    pub(crate) fn call_part(
        &mut self,
        index: Option<u32>,
        id: String,
        name: &str,
        arguments: &str,
    ) -> Result<(), Trouble> {
        self.begun = true;
        self.argument_bytes += arguments.len();
        if self.argument_bytes > ARGUMENTS {
            return Err(Trouble::Garbled(format!(
                "its calls have more than {} KiB of arguments",
                ARGUMENTS >> 10
            )));
        }
        // Another id is another call even where a server counts all of them as number 0 or not at all.
        let same = |call: &&mut Partial| {
            (index.is_none() || call.index == index) && (id.is_empty() || call.id.is_empty() || call.id == id)
        };
        if let Some(call) = self.calls.iter_mut().rev().find(same) {
            if call.id.is_empty() {
                call.id = id;
            }
            // A name comes once, in parts, or again with every fragment.
            if call.name != name {
                call.name.push_str(name);
            }
            call.arguments.push_str(arguments);
            return Ok(());
        }
        if self.calls.len() == CALLS {
            return Err(Trouble::Garbled(format!("it has more than {CALLS} calls")));
        }
        self.calls.push(Partial {
            index,
            id,
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            signature: None,
        });
        Ok(())
    }

    /// The next piece that is ready.
    pub(crate) fn pop(&mut self) -> Option<Delta> {
        self.out.pop_front()
    }

    /// Whether anything of the answer has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether the model said why it ended; only its cost may still come.
    pub(crate) fn has_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Nothing follows: puts out what was held back, the calls and the end.
    pub(crate) fn close(&mut self) {
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
                signature: call.signature,
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
}
