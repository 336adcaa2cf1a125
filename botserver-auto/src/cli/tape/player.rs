//! A recording that is played back.

use std::{collections::VecDeque, path::Path};

use botlib::value::Map;
use botstate::dialog::{Fault, FaultKind, Input};
use chrono::{DateTime, Utc};

use super::{Entry, FORM, Head, Performed};

/// A recording that is played back.
pub(crate) struct Player {
    entries: VecDeque<Entry>,
    /// All that was said then.
    then: String,
    /// All that is said now.
    now: String,
    /// Where the dialog first asked for something else.
    difference: Option<String>,
}

impl Player {
    /// Reads a recording.
    ///
    /// # Errors
    /// When it cannot be read, or is of another form.
    pub(crate) fn open(path: &Path) -> Result<(Head, Self), String> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
        let mut lines = text.lines().enumerate();
        let first = lines.next().map(|(_, line)| line).unwrap_or_default();
        let head: Head = serde_json::from_str(first)
            .map_err(|error| format!("{shown}:1: this is no recording: {error}; make one with --record"))?;
        if head.form != FORM {
            let form = head.form;
            return Err(format!(
                "{shown} has the form {form}, and this program reads {FORM}: record it again"
            ));
        }
        let mut player = Self {
            entries: VecDeque::new(),
            then: String::new(),
            now: String::new(),
            difference: None,
        };
        for (index, line) in lines {
            let entry = serde_json::from_str(line)
                .map_err(|error| format!("{shown}:{}: the recording is damaged: {error}", index + 1))?;
            match entry {
                Entry::Said { text } => player.then.push_str(&text),
                entry => player.entries.push_back(entry),
            }
        }
        Ok((head, player))
    }

    pub(super) fn moment(&mut self) -> Option<(DateTime<Utc>, u64)> {
        match self.entries.pop_front() {
            Some(Entry::Moment { now, seed }) => Some((now, seed)),
            other => {
                self.differs("goes on", other.as_ref());
                None
            }
        }
    }

    pub(super) fn line(&mut self) -> Option<String> {
        match self.entries.pop_front() {
            Some(Entry::Line { text }) => text,
            other => {
                self.differs("waits for an answer", other.as_ref());
                None
            }
        }
    }

    pub(super) fn call(&mut self, keyword: &str, args: &Map) -> Performed {
        match self.entries.pop_front() {
            Some(Entry::Call(call)) if call.keyword == keyword && call.args == *args => Performed {
                input: match call.failed {
                    Some(fault) => Input::Failed(fault),
                    None => Input::Returned(call.returned.unwrap_or_default()),
                },
                said: call.said,
                session: call.session,
            },
            other => {
                let args = serde_json::to_string(args).unwrap_or_default();
                self.differs(&format!("performs {keyword} {args}"), other.as_ref());
                Performed {
                    input: Input::Failed(Fault::new(FaultKind::Stopped, "the recording goes on in another way")),
                    said: String::new(),
                    session: botstate::conversation::SessionState::default(),
                }
            }
        }
    }

    pub(super) fn said(&mut self, text: &str) {
        self.now.push_str(text);
    }

    fn differs(&mut self, now: &str, then: Option<&Entry>) {
        let then = match then {
            None => "was over".to_owned(),
            Some(Entry::Moment { .. }) => "went on".to_owned(),
            Some(Entry::Line { .. }) => "waited for an answer".to_owned(),
            Some(Entry::Call(call)) => {
                let args = serde_json::to_string(&call.args).unwrap_or_default();
                format!("performed {} {args}", call.keyword)
            }
            Some(Entry::Said { .. }) => "said something".to_owned(),
        };
        self.difference
            .get_or_insert_with(|| format!("the dialog {now}\nwhen it was recorded it {then}"));
    }

    /// Where the playback differs, the first that there is.
    pub(super) fn difference(&mut self) -> Option<String> {
        if self.difference.is_none()
            && let Some(left) = self.entries.pop_front()
        {
            self.differs("is over", Some(&left));
        }
        if self.now == self.then {
            return self.difference.take();
        }
        let (mut now, mut then) = (self.now.lines(), self.then.lines());
        let mut number = 0;
        loop {
            number += 1;
            let (is, was) = (now.next(), then.next());
            if is != was || is.is_none() {
                let shown = |line: Option<&str>| line.map_or_else(|| "(nothing)".to_owned(), str::to_owned);
                let said = format!("line {number} differs\n- {}\n+ {}", shown(was), shown(is));
                return Some(match self.difference.take() {
                    Some(asked) => format!("{said}\n{asked}"),
                    None => said,
                });
            }
        }
    }
}
