//! The recording of a turn, for bots whose conversations are recorded.

use botlib::value::Map;
use botstate::{
    dialog::{Env, Fault, Input, Step},
    recording::{self, HIDDEN, Taped, TapedInput, TapedStep, without_secrets_in},
};
use chrono::{DateTime, Utc};

use super::Turn;
use crate::model::{Body, Content, Inbound};

/// What is recorded since the last commit; nothing is, unless the bot wants it.
pub(super) struct Tape {
    entries: Option<Vec<Taped>>,
    /// The surroundings as the tape knows them.
    known: Option<Taped>,
}

impl Tape {
    /// The tape of a turn.
    pub(super) fn of(inbound: &Inbound) -> Self {
        Self {
            entries: recording::is_wanted(&inbound.bot).then(Vec::new),
            known: None,
        }
    }

    /// Adds what happened. It is only made when somebody wants it.
    pub(super) fn add(&mut self, entry: impl FnOnce() -> Taped) {
        if let Some(entries) = &mut self.entries {
            entries.push(entry());
        }
    }

    /// A script is about to be started.
    pub(super) fn start(&mut self, script: &str, args: &Map, env: &Env) {
        self.surround(env);
        self.add(|| Taped::Start {
            script: script.to_owned(),
            args: without_secrets_in(args),
            fault: None,
        });
    }

    /// The script could not be started.
    pub(super) fn refused(&mut self, why: &Fault) {
        if let Some(Taped::Start { fault, .. }) = self.entries.as_mut().and_then(|entries| entries.last_mut()) {
            *fault = Some(why.clone());
        }
    }

    /// A script is about to go on.
    pub(super) fn resume(&mut self, now: DateTime<Utc>, input: &Input, env: &Env, is_secret: bool, woken: bool) {
        self.surround(env);
        self.add(|| Taped::Resumed {
            now,
            with: TapedInput::of(input, is_secret),
            woken,
        });
    }

    /// What the script needs.
    pub(super) fn step(&mut self, step: &Step) {
        if self.entries.is_some()
            && let Some(step) = TapedStep::of(step)
        {
            self.add(|| Taped::Stepped { step });
        }
    }

    fn surround(&mut self, env: &Env) {
        if self.entries.is_none() {
            return;
        }
        let fresh = Taped::surroundings(env);
        if self.known.as_ref() != Some(&fresh) {
            self.known = Some(fresh.clone());
            self.add(|| fresh);
        }
    }

    /// What was recorded since the last time, as an entry of the log; nothing when there is nothing.
    fn take(&mut self) -> Option<Body> {
        let entries = self.entries.as_mut()?;
        (!entries.is_empty()).then(|| Body::Taped {
            entries: std::mem::take(entries),
        })
    }
}

impl Turn {
    /// Notes what began the turn.
    pub(super) fn tape_beginning(&mut self) {
        let id = self.id;
        let is_message = matches!(self.inbound.content, Content::Message { .. });
        let by = if is_message && self.hears_secret() {
            HIDDEN.to_owned()
        } else {
            beginning(&self.inbound.content)
        };
        self.tape.add(|| Taped::Turn { id, by });
    }

    /// Puts the recording into what is committed next: before the end of the turn, which stays the last.
    pub(super) fn keep_tape(&mut self) {
        if let Some(body) = self.tape.take() {
            let is_over = matches!(self.fresh.last(), Some(Body::TurnCompleted(_)));
            let place = self.fresh.len() - usize::from(is_over);
            self.fresh.insert(place, body);
        }
    }
}

fn beginning(content: &Content) -> String {
    match content {
        Content::Message { answer, .. } => answer.text.clone(),
        Content::Task { text, .. } => text.clone(),
        Content::Tool { name, .. } => format!("(tool {name})"),
        Content::Script { name, .. } => format!("(script {name})"),
        Content::Start => "(visit)".to_owned(),
        Content::Context(name) => format!("(context {name})"),
        Content::Switchers(_) => "(switchers)".to_owned(),
        Content::Say(_) => "(said by another)".to_owned(),
        Content::Results(_) => "(results of tools)".to_owned(),
        Content::Session { key, .. } => format!("(session {key})"),
        Content::Wake { .. } => "(woken)".to_owned(),
        Content::Recover => "(goes on after a crash)".to_owned(),
    }
}
