//! Tells the door that asked what happens, while it happens.

use std::{fmt, sync::Arc};

use botlib::{Problem, Value, value::FileRef, wire::Citation};
use botstate::{
    door::{End, Piece},
    model::{Finish, ToolCall, Usage},
};
use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedSender;

use crate::model::{Body, Event, Outcome};

/// A door's ear at one turn. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Follow(Arc<Inner>);

struct Inner {
    sender: UnboundedSender<Piece>,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    text: String,
    /// What scripts and the server said, where only the model's last message is the answer.
    aside: Option<Vec<String>>,
    /// The message whose words come, and how many bytes of it came.
    streaming: Option<(Arc<str>, usize)>,
    /// What is held back: a greeting that the client had long ago. Nothing while words go out at once.
    held: Option<Vec<String>>,
    calls: Vec<ToolCall>,
    finish: Option<Finish>,
    usage: Option<Usage>,
    citations: Vec<Citation>,
}

impl Told {
    /// Where no model said anything, the answer is what was said instead.
    fn form(&mut self) {
        let aside = self.aside.as_mut().map(std::mem::take).unwrap_or_default();
        if self.text.is_empty() && self.calls.is_empty() {
            self.text = aside.join("\n\n");
        }
    }
}

impl Follow {
    /// The ear of whoever reads what comes out of `sender`. Where the answer has to have a form, it is what the model
    /// says last, and comes with the end.
    pub(crate) fn new(sender: UnboundedSender<Piece>, is_formed: bool) -> Self {
        let told = Told {
            aside: is_formed.then(Vec::new),
            ..Told::default()
        };
        Self(Arc::new(Inner {
            sender,
            told: Mutex::new(told),
        }))
    }

    /// Holds back what is said from now on, until [`Self::let_go`].
    pub(crate) fn hold(&self) {
        self.0.told.lock().held = Some(Vec::new());
    }

    /// Forgets what was held back: from now on everything counts.
    pub(crate) fn let_go(&self) {
        self.0.told.lock().held = None;
    }

    /// The next words of a message that a model writes.
    pub(super) fn words(&self, token: &Arc<str>, words: &str) {
        let mut told = self.0.told.lock();
        let had = match &told.streaming {
            Some((known, had)) if known == token => *had,
            _ => 0,
        };
        told.streaming = Some((Arc::clone(token), had + words.len()));
        if told.aside.is_some() {
            if had == 0 {
                told.text.clear();
            }
            told.text.push_str(words);
            return;
        }
        self.tell(&mut told, words, had == 0);
    }

    /// Entries of the log.
    pub(crate) fn events(&self, events: &[Event]) {
        for event in events {
            match &event.body {
                Body::BotMessage {
                    content,
                    stream,
                    files,
                    citations,
                    ..
                } => {
                    self.message(content, stream.as_deref(), files);
                    if !citations.is_empty() {
                        self.0.told.lock().citations.extend(citations.iter().cloned());
                        self.send(Piece::Citations(citations.clone()));
                    }
                }
                Body::Fault { fault } => self.send(Piece::Fault(fault.clone())),
                _ => {}
            }
        }
    }

    fn message(&self, content: &str, stream: Option<&str>, files: &[FileRef]) {
        let mut told = self.0.told.lock();
        let had = match (&told.streaming, stream) {
            (Some((token, had)), Some(stream)) if **token == *stream => *had,
            _ => 0,
        };
        told.streaming = None;
        if let Some(aside) = &mut told.aside {
            match stream {
                Some(_) => content.clone_into(&mut told.text),
                None => aside.push(content.to_owned()),
            }
            return;
        }
        let rest = content.get(had..).unwrap_or_default();
        let links: Vec<String> = files
            .iter()
            .map(|file| format!("[{}]({})", file.name, file.url))
            .collect();
        let parts = [rest.to_owned(), links.join("\n")];
        for (place, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
            self.tell(&mut told, part, place > 0 || had == 0);
        }
    }

    fn tell(&self, told: &mut Told, words: &str, is_new: bool) {
        if let Some(held) = &mut told.held {
            held.push(words.to_owned());
            return;
        }
        let words = if is_new && !told.text.is_empty() {
            format!("\n\n{words}")
        } else {
            words.to_owned()
        };
        told.text.push_str(&words);
        self.send(Piece::Text(words));
    }

    /// What one round of the model cost and why it ended.
    pub(super) fn round(&self, finish: Finish, usage: Option<Usage>) {
        let mut told = self.0.told.lock();
        told.finish = Some(finish);
        if let Some(usage) = usage {
            let sum = told.usage.get_or_insert_default();
            sum.input_tokens = sum.input_tokens.saturating_add(usage.input_tokens);
            sum.output_tokens = sum.output_tokens.saturating_add(usage.output_tokens);
            sum.cached_tokens = sum.cached_tokens.saturating_add(usage.cached_tokens);
            sum.reasoning_tokens = sum.reasoning_tokens.saturating_add(usage.reasoning_tokens);
            sum.cached = usage.cached;
        }
    }

    /// Calls that the client has to make.
    pub(super) fn calls(&self, calls: &[ToolCall]) {
        self.0.told.lock().calls = calls.to_vec();
    }

    /// What the client has heard by now, and the calls that it got.
    pub(crate) fn answer(&self) -> (String, Vec<ToolCall>) {
        let told = self.0.told.lock();
        (told.text.clone(), told.calls.clone())
    }

    /// Tells what was held back after all, when a turn came to its end with nothing else to say.
    pub(crate) fn settle(&self) {
        let mut told = self.0.told.lock();
        told.form();
        let held = told.held.take().unwrap_or_default();
        if told.text.is_empty() && told.calls.is_empty() {
            for words in held {
                self.tell(&mut told, &words, true);
            }
        }
    }

    /// The end of the turn.
    pub(crate) fn end(&self, outcome: &Outcome) {
        let mut told = std::mem::take(&mut *self.0.told.lock());
        told.form();
        let (mut fault, mut end) = (None, None);
        for event in &outcome.events {
            match &event.body {
                Body::Fault { fault: happened } => fault = Some(happened.clone()),
                Body::TurnCompleted(completed) => end = Some(completed.clone()),
                _ => {}
            }
        }
        let completed = end.unwrap_or_default();
        let finish = if told.calls.is_empty() {
            match told.finish {
                Some(finish @ (Finish::Length | Finish::Filtered)) => finish,
                _ => Finish::Stop,
            }
        } else {
            Finish::ToolCalls
        };
        self.send(Piece::End(Box::new(End {
            turn: outcome.turn,
            text: told.text,
            calls: told.calls,
            finish,
            usage: told.usage,
            value: Value::from_json(&completed.data),
            is_waiting: completed.input.is_some(),
            input: completed.input,
            citations: told.citations,
            fault,
        })));
    }

    /// Why the turn broke off.
    pub(crate) fn fail(&self, problem: Problem) {
        self.send(Piece::Failed(Box::new(problem)));
    }

    fn send(&self, piece: Piece) {
        // Whoever asked may have gone; the turn stands all the same.
        let _ = self.0.sender.send(piece);
    }
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Follow")
    }
}
