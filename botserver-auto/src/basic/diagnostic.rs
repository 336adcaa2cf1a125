//! What is wrong with a script, said so that its author can mend it.

use std::{ops::Range, sync::Arc};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use super::source::Source;

/// How bad a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The script runs, but probably not as its author means.
    Warning,
    /// The script cannot run.
    Error,
}

/// A problem of a script with its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnostic {
    /// The stable code, such as `B101`.
    pub code: &'static str,
    /// Whether the script can run.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: String,
    /// What the marked place is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// More about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The script.
    pub file: String,
    /// First line, counted from 1.
    pub line: u32,
    /// First column in characters, counted from 1.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// The column after the last character.
    pub end_column: u32,
    /// The marked bytes.
    #[serde(skip)]
    pub span: Range<usize>,
    #[serde(skip)]
    source: Arc<Source>,
}

impl Diagnostic {
    pub(crate) fn new(
        source: &Arc<Source>,
        code: &'static str,
        severity: Severity,
        span: Range<usize>,
        title: impl Into<String>,
    ) -> Self {
        let length = source.text().len();
        let start = span.start.min(length);
        let end = span.end.clamp(start, length);
        Self {
            code,
            severity,
            title: title.into(),
            label: String::new(),
            notes: Vec::new(),
            help: None,
            file: source.file(start).to_owned(),
            line: source.line(start),
            column: source.column(start),
            end_line: source.line(end),
            end_column: source.column(end),
            span: start..end,
            source: Arc::clone(source),
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether the script cannot run because of this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The problem with the lines it is about, for a terminal or a log.
    pub fn render(&self, color: bool) -> String {
        let level = if self.is_error() { Level::ERROR } else { Level::WARNING };
        let (shown, first_line) = self.source.around(&self.span);
        let within = |at: usize| at.clamp(shown.start, shown.end) - shown.start;
        let mut annotation = AnnotationKind::Primary.span(within(self.span.start)..within(self.span.end));
        if !self.label.is_empty() {
            annotation = annotation.label(self.label.as_str());
        }
        let snippet = Snippet::source(self.source.slice(shown))
            .line_start(usize::try_from(first_line).unwrap_or(1))
            .path(self.file.as_str())
            .annotation(annotation);
        let mut group = level.primary_title(self.title.as_str()).id(self.code).element(snippet);
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}
