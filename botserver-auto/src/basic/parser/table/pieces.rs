//! Words, signs and quoted texts of a table's definition, which is closer to SQL than to BASIC.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    Word,
    Number,
    /// A text in single quotes.
    Text,
    /// A text or a name in double quotes or backticks.
    Quoted,
    Sign,
}

/// A piece and where it stands in the block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) kind: PieceKind,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl Piece<'_> {
    pub(super) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word) && !matches!(self.kind, PieceKind::Text | PieceKind::Quoted)
    }

    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// The text without its quotes.
    pub(super) fn plain(&self) -> String {
        match self.kind {
            PieceKind::Text | PieceKind::Quoted => {
                let inner = self.text.get(1..self.text.len().saturating_sub(1)).unwrap_or_default();
                if self.kind == PieceKind::Text {
                    inner.replace("''", "'")
                } else {
                    inner.to_owned()
                }
            }
            _ => self.text.to_owned(),
        }
    }
}

/// Words after which a single quote begins a text instead of a comment.
const BEFORE_TEXT: [&str; 14] = [
    "DEFAULT", "THEN", "ELSE", "WHEN", "IN", "LIKE", "ILIKE", "AND", "OR", "BETWEEN", "INTERVAL", "COMMENT", "AS", "BY",
];

/// Words that go on with the line before them.
const CONTINUES: [&str; 5] = ["GENERATED", "REFERENCES", "STORED", "DEFAULT", "ON"];

/// The lines of a block: line breaks inside brackets and before words that cannot begin a field do not count.
pub(super) fn lines(block: &str) -> Vec<Vec<Piece<'_>>> {
    let mut lines: Vec<Vec<Piece<'_>>> = Vec::new();
    let mut line: Vec<Piece<'_>> = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = block.get(at..) {
        let Some(letter) = rest.chars().next() else { break };
        if letter == '\n' {
            if depth == 0 && !line.is_empty() {
                finish(&mut lines, std::mem::take(&mut line));
            }
            at += 1;
            continue;
        }
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let fresh = line.is_empty()
            || block
                .get(..at)
                .is_none_or(|before| before.trim_end_matches([' ', '\t']).ends_with('\n'));
        if let Some(length) = comment(rest, fresh, line.last()) {
            at += length;
            continue;
        }
        let (kind, length) = piece(rest, letter);
        let text = rest.get(..length).unwrap_or_default();
        match text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        line.push(Piece { kind, text, start: at });
        at += length;
    }
    if !line.is_empty() {
        finish(&mut lines, line);
    }
    lines
}

fn finish<'a>(lines: &mut Vec<Vec<Piece<'a>>>, mut line: Vec<Piece<'a>>) {
    let ended = |line: &Vec<Piece<'_>>| line.last().is_some_and(|piece| matches!(piece.text, "," | ";"));
    let goes_on = line.first().is_some_and(|first| CONTINUES.iter().any(|word| first.is(word)))
        // A field may be called like a clause: then a type follows its name, which no clause has.
        && lines.len() > 1;
    match lines.last_mut() {
        Some(before) if goes_on && !ended(before) => before.append(&mut line),
        _ => lines.push(line),
    }
}

/// The length of the comment that begins here, if one does.
fn comment(rest: &str, fresh: bool, before: Option<&Piece<'_>>) -> Option<usize> {
    let length = rest.find('\n').unwrap_or(rest.len());
    let line = rest.get(..length).unwrap_or_default();
    let word = line.split_whitespace().next().unwrap_or_default();
    let whole = fresh && (rest.starts_with(['#', '\'']) || rest.starts_with("//") || word.eq_ignore_ascii_case("REM"));
    let quote = rest.starts_with('\'') && {
        let begins_text = before.is_some_and(|piece| {
            piece.kind == PieceKind::Sign && piece.text != ")" && piece.text != "*"
                || BEFORE_TEXT.iter().any(|word| piece.is(word))
        });
        !begins_text || !line.get(1..).unwrap_or_default().contains('\'')
    };
    (whole || quote || rest.starts_with("--") || rest.starts_with("//")).then_some(length)
}

fn piece(rest: &str, letter: char) -> (PieceKind, usize) {
    let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
    match letter {
        '\'' => {
            let bytes = rest.as_bytes();
            let mut at = 1;
            loop {
                match (bytes.get(at), bytes.get(at + 1)) {
                    (Some(b'\''), Some(b'\'')) => at += 2,
                    (Some(b'\''), _) => return (PieceKind::Text, at + 1),
                    (None, _) => return (PieceKind::Text, rest.len()),
                    _ => at += 1,
                }
            }
        }
        '"' | '`' => {
            let close = rest.get(1..).and_then(|inner| inner.find(letter));
            (PieceKind::Quoted, close.map_or(rest.len(), |at| at + 2))
        }
        c if c.is_ascii_digit() => (PieceKind::Number, run(|c| c.is_ascii_digit() || c == '.')),
        c if c.is_alphabetic() || c == '_' => (
            PieceKind::Word,
            run(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.')),
        ),
        // `.Table` is a name as well.
        '.' if rest.get(1..).is_some_and(|name| name.starts_with(char::is_alphabetic)) => {
            (PieceKind::Word, run(|c| c.is_alphanumeric() || matches!(c, '_' | '.')))
        }
        _ if rest.starts_with("[]") => (PieceKind::Sign, 2),
        c => (PieceKind::Sign, c.len_utf8()),
    }
}

/// Pieces as SQL: one blank where there was any, texts in double quotes as SQL writes them.
pub(super) fn sql(block: &str, pieces: &[Piece<'_>]) -> String {
    let mut text = String::new();
    let mut last = None;
    for piece in pieces {
        if last.is_some_and(|end| end < piece.start) {
            text.push(' ');
        }
        if piece.kind == PieceKind::Quoted && piece.text.starts_with('"') {
            text.push('\'');
            text.push_str(&piece.plain().replace('\'', "''"));
            text.push('\'');
        } else {
            text.push_str(block.get(piece.range()).unwrap_or_default());
        }
        last = Some(piece.range().end);
    }
    text
}
