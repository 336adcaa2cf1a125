//! A text as editors see it: lines and UTF-16 columns.

use std::ops::Range;

use serde_json::{Value as Json, json};

/// A text with the starts of its lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    text: String,
    lines: Vec<usize>,
}

impl Text {
    pub(super) fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = starts(&text);
        Self { text, lines }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The byte of a position; what lies beyond a line or the text is its end.
    pub(super) fn offset(&self, position: &Json) -> usize {
        let number = |name: &str| position[name].as_u64().and_then(|number| usize::try_from(number).ok());
        let (line, column) = (number("line").unwrap_or(0), number("character").unwrap_or(0));
        let Some(start) = self.lines.get(line).copied() else {
            return self.text.len();
        };
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut units = 0;
        for (at, letter) in line.char_indices() {
            if units >= column {
                return start + at;
            }
            units += letter.len_utf16();
        }
        start + line.len()
    }

    /// The position of a byte.
    pub(super) fn position(&self, offset: usize) -> Json {
        let (line, column) = self.line_and_column(offset);
        json!({ "line": line, "character": column })
    }

    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.encode_utf16().count())
    }

    /// The range of a span of bytes.
    pub(super) fn range(&self, span: &Range<usize>) -> Json {
        json!({ "start": self.position(span.start), "end": self.position(span.end) })
    }

    /// The text from the start of the line to a byte.
    pub(super) fn line_before(&self, offset: usize) -> &str {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0);
        self.text.get(start..offset).unwrap_or_default()
    }

    /// The text from a byte to the end of its line.
    pub(super) fn line_after(&self, offset: usize) -> &str {
        let rest = self.text.get(offset..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }

    /// Takes a change of the editor: a range with its new text, or the whole text.
    pub(super) fn change(&mut self, change: &Json) {
        let fresh = change["text"].as_str().unwrap_or_default();
        let range = &change["range"];
        if range.is_null() {
            *self = Self::new(fresh);
            return;
        }
        let start = self.offset(&range["start"]);
        let end = self.offset(&range["end"]).max(start);
        self.text.replace_range(start..end, fresh);
        self.lines = starts(&self.text);
    }
}

fn starts(text: &str) -> Vec<usize> {
    std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf_16_units() {
        let text = Text::new("TALK \"😀é\"\r\nx = 1");

        let after_smiley = json!({ "line": 0, "character": 8 });
        assert_eq!(text.offset(&after_smiley), 10);
        assert_eq!(text.position(10), after_smiley);
        assert_eq!(text.offset(&json!({ "line": 0, "character": 99 })), 13);
        assert_eq!(text.offset(&json!({ "line": 1, "character": 1 })), 16);
    }

    #[test]
    fn changes_replace_their_range() {
        let mut text = Text::new("a = 1\nb = 2\n");

        text.change(&json!({
            "range": { "start": { "line": 0, "character": 4 }, "end": { "line": 1, "character": 0 } },
            "text": "10\nc = 3\n",
        }));

        assert_eq!(text.as_str(), "a = 10\nc = 3\nb = 2\n");
        assert_eq!(text.position(7), json!({ "line": 1, "character": 0 }));
    }
}
