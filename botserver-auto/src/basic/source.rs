//! The text of a script, with places in it.

use std::ops::Range;

/// Bits of a coded line that hold the line; the rest says which file.
const LINE_BITS: u32 = 20;

/// A script's name and text, ready to turn byte offsets into lines and columns. The text may be put together of several
/// files, see INCLUDE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
    lines: Vec<usize>,
    /// Files besides the first.
    files: Vec<String>,
    /// Where pieces of other files begin and end; none in a script that includes nothing.
    pieces: Vec<Piece>,
}

/// A stretch of the text that comes from one file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    start: usize,
    /// 0 for the script itself, else the place in `files` from 1.
    file: usize,
    /// The line in the file at which the piece begins.
    line: u32,
}

impl Source {
    /// The script called `name` with `text`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            name: name.into(),
            text,
            lines,
            files: Vec::new(),
            pieces: Vec::new(),
        }
    }

    /// A script put together of pieces: where each begins, its file, and its first line there.
    pub(crate) fn with_pieces(name: &str, text: String, pieces: Vec<(usize, String, u32)>) -> Self {
        let mut source = Self::new(name, text);
        for (start, file, line) in pieces {
            let file = if file == name {
                0
            } else {
                let known = source.files.iter().position(|known| *known == file);
                known.unwrap_or_else(|| {
                    source.files.push(file);
                    source.files.len() - 1
                }) + 1
            };
            source.pieces.push(Piece { start, file, line });
        }
        source
    }

    /// The name that diagnostics show, such as `start.bas`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line of a byte offset in its file, counted from 1.
    pub fn line(&self, offset: usize) -> u32 {
        let line = self.row(offset);
        match self.piece(offset) {
            Some(piece) => piece.line + (line - self.row(piece.start)),
            None => line,
        }
    }

    fn row(&self, offset: usize) -> u32 {
        u32::try_from(self.lines.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    fn piece(&self, offset: usize) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.start <= offset);
        self.pieces.get(after.checked_sub(1)?)
    }

    /// The file that a byte offset lies in.
    pub(crate) fn file(&self, offset: usize) -> &str {
        let file = self.piece(offset).map_or(0, |piece| piece.file);
        file.checked_sub(1)
            .and_then(|file| self.files.get(file))
            .unwrap_or(&self.name)
    }

    /// Files besides the first, for [`Source::coded_line`].
    pub(crate) fn files(&self) -> &[String] {
        &self.files
    }

    /// The line of a byte offset together with its file, as programs keep it.
    pub(crate) fn coded_line(&self, offset: usize) -> u32 {
        let file = self.piece(offset).map_or(0, |piece| piece.file);
        let file = u32::try_from(file).unwrap_or(0);
        self.line(offset).min((1 << LINE_BITS) - 1) | file << LINE_BITS
    }

    /// The stretch of the text around `span` that comes from one file: where it lies, and its first line there.
    pub(crate) fn around(&self, span: &Range<usize>) -> (Range<usize>, u32) {
        let after = self.pieces.partition_point(|piece| piece.start <= span.start);
        let Some(piece) = after.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return (0..self.text.len(), 1);
        };
        let end = self.pieces.get(after).map_or(self.text.len(), |next| next.start);
        (piece.start..end, piece.line)
    }

    /// The column of a byte offset in characters, counted from 1.
    pub fn column(&self, offset: usize) -> u32 {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|line| self.lines.get(line))
            .copied()
            .unwrap_or(0);
        let before = self.slice(start..offset.min(self.text.len()));
        u32::try_from(before.chars().count()).map_or(u32::MAX, |column| column.saturating_add(1))
    }

    /// The text of a span; empty when the span does not lie on character boundaries.
    pub fn slice(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }
}

/// The file (0 for the script itself, else its place from 1) and the line of a coded line.
pub(crate) fn decode(line: u32) -> (usize, u32) {
    (
        usize::try_from(line >> LINE_BITS).unwrap_or(0),
        line & ((1 << LINE_BITS) - 1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = Source::new("a.bas", "é = 1\nTALK é");

        assert_eq!(
            (source.line(0), source.line(7), source.column(3), source.column(12)),
            (1, 2, 3, 6)
        );
    }
}
