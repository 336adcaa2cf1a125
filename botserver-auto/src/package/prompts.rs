//! Prompt files: Markdown with a head in YAML between two lines `---`.
//!
//! ```text
//! ---
//! description: How the shop greets
//! variables:
//!   tone: { type: choice, choices: [warm, plain], default: warm }
//! variants: { short: 1, long: 3 }
//! ---
//! You are the host of a shop. Your tone is ${tone}.
//! <!-- variant: short -->
//! Answer in one sentence.
//! <!-- variant: long -->
//! Explain what you recommend.
//! ```

mod body;
mod head;

use std::{ops::Range, sync::Arc};

use botstate::{
    dialog::Settings,
    prompt::{Prompt, SYSTEM, Variable},
};
use sha2::{Digest, Sha256};

use crate::basic::{Diagnostic, Severity, Source};

/// Bytes of a prompt's file.
const LARGEST: usize = 256 << 10;

/// Reads a prompt; nothing when it has an error, which is reported with its line.
pub(super) fn read(
    source: &Arc<Source>,
    stem: &str,
    settings: &Settings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Prompt> {
    let mut file = File {
        source,
        found: Vec::new(),
    };
    let prompt = file.read(stem, settings);
    let is_broken = file.found.iter().any(Diagnostic::is_error);
    diagnostics.append(&mut file.found);
    prompt.filter(|_| !is_broken)
}

/// A prompt's file while it is read.
struct File<'a> {
    source: &'a Arc<Source>,
    found: Vec<Diagnostic>,
}

impl File<'_> {
    fn text(&self) -> &str {
        self.source.text()
    }

    fn refuse(&mut self, code: &'static str, span: Range<usize>, title: impl Into<String>) -> &mut Diagnostic {
        self.report(code, Severity::Error, span, title)
    }

    fn report(
        &mut self,
        code: &'static str,
        severity: Severity,
        span: Range<usize>,
        title: impl Into<String>,
    ) -> &mut Diagnostic {
        self.found
            .push(Diagnostic::new(self.source, code, severity, span, title));
        let last = self.found.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the element was pushed in the line above")]
        &mut self.found[last]
    }

    fn read(&mut self, stem: &str, settings: &Settings) -> Option<Prompt> {
        let source = Arc::clone(self.source);
        let text = source.text();
        if text.len() > LARGEST {
            let title = format!("the prompt has {} bytes, and {LARGEST} are the most", text.len());
            self.refuse("P101", 0..0, title);
            return None;
        }
        let (head, body) = self.parts()?;
        let head = self.head(head, stem)?;
        let variants = self.body(body, &head);
        if head.name == SYSTEM {
            self.check_alone(&head.variables, settings);
        }
        let version = Sha256::digest(text.as_bytes());
        Some(Prompt {
            name: head.name,
            description: head.description,
            version: version
                .iter()
                .take(8)
                .fold(String::new(), |hash, byte| format!("{hash}{byte:02x}")),
            author: head.author,
            is_public: head.is_public,
            hints: head.hints,
            variables: head.variables,
            variants,
            place: source.name().to_owned(),
            source: text.into(),
        })
    }

    /// Where the YAML and the text are. A file that does not begin with `---` is all text.
    fn parts(&mut self) -> Option<(Range<usize>, Range<usize>)> {
        let source = Arc::clone(self.source);
        let length = source.text().len();
        let mut lines = lines(source.text(), 0..length);
        match lines.next() {
            Some((open, "---")) => {
                let Some((close, _)) = lines.find(|(_, line)| *line == "---") else {
                    self.refuse("P110", 0..3, "the head of the prompt is never closed").help =
                        Some("put a second line `---` between the settings and the text".to_owned());
                    return None;
                };
                Some((open.end..close.start, close.end..length))
            }
            _ => Some((0..0, 0..length)),
        }
    }

    /// The bot's own prompt is used where no dialog could give it anything.
    fn check_alone(&mut self, variables: &[Variable], settings: &Settings) {
        for variable in variables {
            let row = format!("param-{}", variable.name);
            match settings.get(&row) {
                Some(value) => {
                    if let Err(why) = variable.text_of(&value.into()) {
                        let span = self.key(&["variables", &variable.name]);
                        self.refuse("P112", span, format!("{row} in config.csv does not fit: {why}"));
                    }
                }
                None if variable.is_required => {
                    let span = self.key(&["variables", &variable.name]);
                    let title = format!("nobody gives {} to the bot's own prompt", variable.name);
                    self.refuse("P117", span, title).help =
                        Some(format!("give it a default, or add a row {row} to config.csv"));
                }
                None => {}
            }
        }
    }

    /// Where a key of the head is written, each name of the path further down than the one before it.
    fn key(&self, path: &[&str]) -> Range<usize> {
        let text = self.text();
        let mut found = 0..0;
        for name in path {
            let mut behind = lines(text, found.end..text.len());
            let place = behind.find_map(|(span, line)| {
                let line_start = line.len() - line.trim_start().len();
                let trimmed = line.trim_start();
                let bare = trimmed.trim_start_matches(['"', '\'']);
                let is_key = bare
                    .get(..name.len())
                    .is_some_and(|word| word.eq_ignore_ascii_case(name));
                let rest = bare
                    .get(name.len()..)
                    .unwrap_or_default()
                    .trim_start_matches(['"', '\'']);
                (is_key && rest.trim_start().starts_with(':'))
                    .then(|| span.start + line_start..span.start + line.trim_end().len())
            });
            match place {
                Some(place) => found = place,
                // Written within the line of what it belongs to.
                None => break,
            }
        }
        found
    }
}

/// The lines of a part of a text without their ends, each with its bytes, the end included.
fn lines(text: &str, part: Range<usize>) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = part.start;
    let part = text.get(part).unwrap_or_default();
    part.split_inclusive('\n').map(move |line| {
        let span = at..at + line.len();
        at = span.end;
        (span, line.trim_end_matches(['\n', '\r']))
    })
}
