//! What is inside quotes and between BEGIN and END.

use std::ops::Range;

use super::token::Kind;

/// Something that is taken verbatim, at the start of a line.
pub(super) struct Block {
    pub(super) kind: Kind,
    /// The text of a text block; all of it for the others.
    pub(super) content: Range<usize>,
    /// Bytes to skip: the whole block up to the newline after its end.
    pub(super) length: usize,
    /// What its last line should have been, when it was not there.
    pub(super) missing: Option<&'static str>,
}

/// The block that `rest` begins with, if it does.
pub(super) fn block(rest: &str) -> Option<Block> {
    let first = rest.split('\n').next()?;
    let opener = words(first);
    let (kind, end) = match opener.as_slice() {
        [begin, talk] if is(begin, "BEGIN") && is(talk, "TALK") => (Kind::TalkBlock, "END TALK"),
        [begin, system, word] if is(begin, "BEGIN") && is(system, "SYSTEM") && is(word, "PROMPT") => {
            (Kind::PromptBlock, "END SYSTEM PROMPT")
        }
        [begin, mail, ..] if is(begin, "BEGIN") && is(mail, "MAIL") => (Kind::MailBlock, "END MAIL"),
        [table, name, ..] if is(table, "TABLE") && names_table(name) => (Kind::TableBlock, "END TABLE"),
        [create, what, ..] if is(create, "CREATE") => return sql(rest, what, opener.get(2).copied()),
        _ => return None,
    };
    let start = (first.len() + 1).min(rest.len());
    let begins = match kind {
        Kind::MailBlock | Kind::TableBlock => first.len() - first.trim_start().len(),
        _ => start,
    };
    let mut at = start;
    let wanted: Vec<&str> = end.split(' ').collect();
    for line in rest.get(start..).unwrap_or_default().split_inclusive('\n') {
        let closing = words(line.trim_end().trim_end_matches(';'));
        let closes = closing.len() == wanted.len() && closing.iter().zip(&wanted).all(|(word, end)| is(word, end));
        if closes {
            return Some(Block {
                kind,
                content: begins..at.max(begins),
                length: at + line.trim_end_matches('\n').len(),
                missing: None,
            });
        }
        // Another table begins before this one ended.
        let other = matches!(closing.as_slice(), [table, name, ..] if is(table, "TABLE") && names_table(name));
        if kind == Kind::TableBlock && other {
            let length = at - 1;
            return Some(Block {
                kind,
                content: begins..length,
                length,
                missing: Some(end),
            });
        }
        at += line.len();
    }
    Some(Block {
        kind,
        content: begins..rest.len(),
        length: rest.len(),
        missing: Some(end),
    })
}

/// Whether the word after TABLE names one; in `TABLE = x` and `TABLE.x` the word is a variable.
fn names_table(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '"' | '.' | '`'))
        && !["AS", "IN", "IS", "AND", "OR"].iter().any(|other| is(word, other))
}

/// `CREATE INDEX …` and `CREATE VIEW …`: to a `;`, or to the end of the line on which all brackets are closed.
fn sql(rest: &str, what: &str, next: Option<&str>) -> Option<Block> {
    let next = next.unwrap_or_default();
    let index = is(what, "INDEX") || is(what, "UNIQUE") && is(next, "INDEX");
    let view = is(what, "VIEW") || is(what, "OR") && is(next, "REPLACE") || is(what, "MATERIALIZED");
    if !index && !view || matches!(next.chars().next(), None | Some('=' | '.')) {
        return None;
    }
    let (mut depth, mut length) = (0_i32, 0);
    let mut lines = rest.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        length += line.len();
        for letter in line.chars() {
            depth += match letter {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
        }
        let goes_on = lines.peek().is_some_and(|next| {
            let first = words(next).first().copied().unwrap_or_default().to_ascii_uppercase();
            let clause = first.starts_with('(')
                || [
                    "ON", "USING", "WHERE", "AS", "SELECT", "FROM", "JOIN", "LEFT", "INNER", "GROUP", "ORDER", "HAVING",
                ]
                .contains(&first.as_str());
            // The list of a SELECT has lines of its own; a blank line ends the statement.
            clause || view && !next.trim().is_empty() && !is(&first, "CREATE") && !is(&first, "TABLE")
        });
        if line.trim_end().ends_with(';') || depth <= 0 && !goes_on {
            break;
        }
    }
    let length = rest.get(..length)?.trim_end().len();
    let begins = rest.len() - rest.trim_start().len();
    Some(Block {
        kind: Kind::SqlBlock,
        content: begins..length,
        length,
        missing: None,
    })
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().take(4).collect()
}

fn is(word: &str, expected: &str) -> bool {
    word.eq_ignore_ascii_case(expected)
}

/// The length of what follows an opening `"`, with the closing one; nothing when there is none.
/// Texts may span lines, and a `${…}` inside may hold texts of its own.
pub(super) fn quoted(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            b'$' if bytes.get(at + 1) == Some(&b'{') && bytes.get(at + 2) != Some(&b'{') => {
                at = hole_end(rest, at + 2).unwrap_or(at + 2);
            }
            _ => at += 1,
        }
    }
    None
}

/// The offset after the `}` that closes a hole whose expression begins at `start`, on the same line.
fn hole_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 1_usize;
    let mut at = start;
    let mut inside = false;
    loop {
        match *bytes.get(at)? {
            b'\n' => return None,
            b'\\' if bytes.get(at + 1) == Some(&b'"') => {
                inside = !inside;
                at += 1;
            }
            b'"' => inside = !inside,
            b'{' if !inside => depth += 1,
            b'}' if !inside => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hole {
    /// Bytes that stand for themselves.
    Text(Range<usize>),
    /// The bytes between `${` and `}`.
    Code(Range<usize>),
}

/// Cuts `text` at its `${…}` holes. `${{` is a dollar sign before a template field, not a hole.
pub(crate) fn holes(text: &str) -> Vec<Hole> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("${")) {
        let dollar = at + found;
        let field = text.as_bytes().get(dollar + 2) == Some(&b'{');
        match hole_end(text, dollar + 2) {
            Some(end) if !field => {
                if dollar > start {
                    pieces.push(Hole::Text(start..dollar));
                }
                pieces.push(Hole::Code(dollar + 2..end - 1));
                start = end;
                at = end;
            }
            _ => at = dollar + 2,
        }
    }
    if start < text.len() {
        pieces.push(Hole::Text(start..text.len()));
    }
    pieces
}

/// Text with `\n`, `\t`, `\"` and `\\` replaced by what they stand for; other backslashes stay.
pub(crate) fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(letter) = chars.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some(quote @ ('"' | '\\' | '\'')) => plain.push(quote),
            Some(other) => {
                plain.push('\\');
                plain.push(other);
            }
            None => plain.push('\\'),
        }
    }
    plain
}

/// A block's text without the indentation that all its lines share and without blank lines around it.
pub(crate) fn dedent(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(indent)
        .min()
        .unwrap_or(0);
    let mut kept: Vec<&str> = lines
        .iter()
        .map(|line| line.get(common..).unwrap_or_default())
        .collect();
    while kept.last().is_some_and(|line| line.is_empty()) {
        kept.pop();
    }
    let blank = kept.iter().take_while(|line| line.is_empty()).count();
    kept.split_off(blank).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_cut_out_and_template_fields_are_not() {
        assert_eq!(
            holes("a ${b} ${{c}}"),
            [Hole::Text(0..2), Hole::Code(4..5), Hole::Text(6..13)]
        );
    }

    #[test]
    fn a_text_inside_a_hole_does_not_end_the_text_around_it() {
        assert_eq!(quoted(r#"x ${f("y")} z" + 1"#), Some(14));
    }

    #[test]
    fn indentation_that_all_lines_share_is_taken_off() {
        assert_eq!(dedent("\n    - a\n      b\n\n    c\n  \n"), "- a\n  b\n\nc");
    }
}
