//! What a model wants to do outside of the conversation after it read what others wrote: the person decides.

use std::fmt::Write as _;

use botlib::{
    Value,
    value::Map,
    wire::{InputKind, InputSpec},
};
use botstate::{dialog::ToolSpec, keyword::Class};
use sha2::{Digest, Sha256};

use super::{Turn, assent::assent, stack::Frame};
use crate::{
    model::{Asks, Body},
    phrases::Phrase,
};

/// Keywords whose effects stay in the conversation, whatever their class.
const INNER: [&str; 27] = [
    "ADD SUGGESTION",
    "ADD SUGGESTION TEXT",
    "ADD SUGGESTION TOOL",
    "ADD SWITCHER",
    "ADD TOOL",
    "CLEAR HEADERS",
    "CLEAR KB",
    "CLEAR PROMPT",
    "CLEAR SUGGESTIONS",
    "CLEAR SWITCHERS",
    "CLEAR TOOLS",
    "LLM",
    "RATE ANSWER",
    "REFRESH",
    "REMOVE TOOL",
    "RUN PROMPT",
    "SET",
    "SET ANSWER MODE",
    "SET CONTEXT",
    "SET HEADER",
    "SET LANGUAGE",
    "SET SYSTEM PROMPT",
    "USE KB",
    "USE MODEL",
    "USE PROMPT",
    "USE TOOL",
    "WAIT",
];

/// When the person is asked, from `tool-confirm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    /// After text of others was in a prompt of the conversation.
    Auto,
    Always,
    Never,
}

impl Turn {
    /// Whether the next call may run now. Otherwise the person was asked, and the turn waits.
    pub(super) fn may_run(&mut self, tool: &ToolSpec, args: &Map) -> bool {
        let policy = match self.inbound.bot.settings.get("tool-confirm") {
            Some(word) if word.eq_ignore_ascii_case("always") => Policy::Always,
            Some(word) if word.eq_ignore_ascii_case("never") => Policy::Never,
            _ => Policy::Auto,
        };
        let is_wary = match policy {
            Policy::Always => true,
            Policy::Never => false,
            Policy::Auto => self.conversation.session.has_foreign,
        };
        if !is_wary || !self.reaches_out(&tool.name) {
            return true;
        }
        let token = token(tool, args);
        let level = self.stack.last_mut();
        let Some(Frame::Agent(agent)) = level else { return true };
        // A yes is for this tool with these very arguments, and for once.
        if agent
            .asks
            .take()
            .is_some_and(|asks| asks.is_granted && asks.token == token)
        {
            return true;
        }
        let hear = InputSpec {
            kind: InputKind::Boolean,
            ..InputSpec::default()
        };
        agent.asks = Some(Asks {
            token: token.clone(),
            is_granted: false,
            hear,
        });
        let arguments = Value::Map(args.clone()).to_json();
        let locale = &self.env.locale;
        let mut text = format!("{}\n\n**{}**", Phrase::Confirm.text(locale), tool.name);
        for (name, value) in args.iter() {
            let shown = value.to_json().to_string().replace('`', "'");
            let _ = write!(text, "\n- {}: `{shown}`", name.replace('`', "'"));
        }
        let _ = write!(text, "\n\n{}", Phrase::Sure.text(locale));
        self.fresh.push(Body::Side {
            event: "confirm_tool".to_owned(),
            data: serde_json::json!({ "token": token, "tool": tool.name, "arguments": arguments }),
        });
        self.say(text);
        false
    }

    /// Whether a script may do something outside of the conversation.
    pub(super) fn reaches_out(&self, script: &str) -> bool {
        self.comes_to(script, |phrase, class| {
            !INNER.contains(&phrase) && !matches!(class, Some(Class::Pure | Class::Read))
        })
    }

    /// Whether what a script gives back may hold what others wrote.
    pub(super) fn brings_foreign(&self, script: &str) -> bool {
        self.comes_to(script, |phrase, class| {
            !INNER.contains(&phrase) && !matches!(class, Some(Class::Pure | Class::Write))
        })
    }

    /// Whether a script may come to such a keyword. One of which nobody knows may.
    fn comes_to(&self, script: &str, is_such: impl Fn(&str, Option<Class>) -> bool) -> bool {
        let dialogs = self.engine.ports.dialogs.as_ref();
        let Some(phrases) = dialogs.and_then(|dialogs| dialogs.reach(&self.inbound.bot, script)) else {
            return true;
        };
        let class = |phrase: &str| self.engine.ports.keywords.find(phrase).map(|keyword| keyword.class);
        phrases.iter().any(|phrase| is_such(phrase, class(phrase)))
    }

    /// Takes the person's answer to the call that waits for it; false when it is none. Anything but a yes or a no
    /// withdraws the call and is a message of its own.
    pub(super) fn consent(&mut self, answer: &str) -> bool {
        let Some(Frame::Agent(agent)) = self.stack.last_mut() else {
            return false;
        };
        match assent(answer) {
            Some(true) => {
                if let Some(asks) = &mut agent.asks {
                    asks.is_granted = true;
                }
                true
            }
            Some(false) => {
                agent.asks = None;
                self.refuse_call("error: the person did not allow it".to_owned());
                true
            }
            None => {
                self.stack.pop();
                self.say(Phrase::NotDone.text(&self.env.locale).to_owned());
                false
            }
        }
    }
}

/// Names a call by what it would do.
fn token(tool: &ToolSpec, args: &Map) -> String {
    let digest = Sha256::new()
        .chain_update(&tool.name)
        .chain_update([0])
        .chain_update(Value::Map(args.clone()).to_json().to_string())
        .finalize();
    format!("{digest:x}")
}
