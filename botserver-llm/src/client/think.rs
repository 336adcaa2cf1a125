//! Reasoning that a model writes into its answer between tags.

use std::collections::VecDeque;

use botstate::model::Delta;

/// The tags that models use.
const TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];

/// Sorts the text of an answer into reasoning and answer.
///
/// Only blocks at the beginning count (several may follow each other): further on somebody may be writing
/// about the tags. From the first word of the answer on, text passes through untouched.
#[derive(Debug, Default)]
pub(crate) struct Think {
    state: State,
    /// Text that may be part of a tag, or white space before the answer.
    held: String,
    /// Whether a block was seen, so that the white space behind it is not part of the answer.
    behind_block: bool,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Start,
    Inside(&'static str),
    Answer,
}

impl Think {
    /// Takes the next text in and puts out what is certain.
    pub(crate) fn feed(&mut self, text: String, out: &mut VecDeque<Delta>) {
        if text.is_empty() {
            return;
        }
        if matches!(self.state, State::Answer) {
            out.push_back(Delta::Text(text));
            return;
        }
        self.held.push_str(&text);
        while self.step(out) {}
    }

    /// Puts out what was held back; nothing follows.
    pub(crate) fn close(&mut self, out: &mut VecDeque<Delta>) {
        let held = std::mem::take(&mut self.held);
        match self.state {
            State::Inside(_) => push(out, held, Delta::Reasoning),
            State::Start if self.behind_block && held.trim().is_empty() => {}
            State::Start | State::Answer => push(out, held, Delta::Text),
        }
    }

    /// Whether more can be said about what is held.
    fn step(&mut self, out: &mut VecDeque<Delta>) -> bool {
        match self.state {
            State::Answer => false,
            State::Start => self.step_start(out),
            State::Inside(end) => self.step_inside(end, out),
        }
    }

    fn step_start(&mut self, out: &mut VecDeque<Delta>) -> bool {
        let text = self.held.trim_start();
        for (begin, end) in TAGS {
            if let Some(rest) = text.strip_prefix(begin) {
                self.held = rest.to_owned();
                self.state = State::Inside(end);
                return true;
            }
        }
        // White space alone, or the beginning of a tag.
        if TAGS.iter().any(|(begin, _)| begin.starts_with(text)) {
            return false;
        }
        let answer = if self.behind_block {
            text.to_owned()
        } else {
            std::mem::take(&mut self.held)
        };
        self.held.clear();
        self.state = State::Answer;
        out.push_back(Delta::Text(answer));
        false
    }

    fn step_inside(&mut self, end: &'static str, out: &mut VecDeque<Delta>) -> bool {
        if let Some((thought, rest)) = self.held.split_once(end) {
            let (thought, rest) = (thought.to_owned(), rest.to_owned());
            push(out, thought, Delta::Reasoning);
            self.held = rest;
            self.behind_block = true;
            self.state = State::Start;
            return true;
        }
        let kept = (1..end.len())
            .rev()
            .find(|length| end.get(..*length).is_some_and(|begin| self.held.ends_with(begin)))
            .unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - kept);
        push(out, std::mem::replace(&mut self.held, rest), Delta::Reasoning);
        false
    }
}

fn push(out: &mut VecDeque<Delta>, text: String, delta: fn(String) -> Delta) {
    if !text.is_empty() {
        out.push_back(delta(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reasoning and answer of a text that arrives in `pieces`.
    fn sorted<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let mut out = VecDeque::new();
        let mut think = Think::default();
        for piece in pieces {
            think.feed(piece.to_owned(), &mut out);
        }
        think.close(&mut out);
        let (mut reasoning, mut answer) = (String::new(), String::new());
        for delta in out {
            match delta {
                Delta::Text(text) => answer.push_str(&text),
                Delta::Reasoning(text) => reasoning.push_str(&text),
                other => panic!("{other:?}"),
            }
        }
        (reasoning, answer)
    }

    #[test]
    fn blocks_at_the_beginning_are_reasoning_however_they_are_split() {
        let text = "\n<think>a < b </thin k</think>\n\n<thinking>é</thinking>\nYes: <think> is a tag";

        for (at, _) in text.char_indices() {
            let (left, right) = text.split_at(at);

            let (reasoning, answer) = sorted([left, right]);

            assert_eq!(reasoning, "a < b </thin ké", "split at {at}");
            assert_eq!(answer, "Yes: <think> is a tag", "split at {at}");
        }
        let letters: Vec<_> = text.split("").collect();
        assert_eq!(
            sorted(letters),
            ("a < b </thin ké".to_owned(), "Yes: <think> is a tag".to_owned())
        );
    }

    #[test]
    fn answers_without_tags_pass_unchanged() {
        for text in ["  hello", "<thin ice>", "<", " ", "<b>bold</b>"] {
            assert_eq!(sorted([text]), (String::new(), text.to_owned()));
        }
    }

    #[test]
    fn a_block_that_never_ends_is_all_reasoning() {
        assert_eq!(
            sorted(["<think>on and", " on </thi"]),
            ("on and on </thi".to_owned(), String::new())
        );
    }
}
