//! From text to tokens: comments, texts with holes, verbatim blocks, continued lines.

mod text;
mod token;

use std::{ops::Range, sync::Arc};

use logos::Logos;

pub(crate) use text::{Hole, dedent, holes, unescape};
pub(crate) use token::{Kind, Token};

use super::{
    diagnostic::{Diagnostic, Severity},
    source::Source,
};

/// Tokens of a script, the comments between them and what was wrong.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Range<usize>>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// The tokens of the whole of `source`.
pub(crate) fn lex(source: &Arc<Source>) -> Lexed {
    lex_range(source, source.text(), 0, true)
}

/// The tokens of `text`, which begins at `base` in `source`.
pub(crate) fn lex_range(source: &Arc<Source>, text: &str, base: usize, line_start: bool) -> Lexed {
    let mut lexed = Lexed {
        tokens: Vec::with_capacity(text.len() / 5),
        ..Lexed::default()
    };
    let mut reader = Kind::lexer(text);
    let mut line_start = line_start;
    let mut last_end = usize::MAX;
    loop {
        if line_start {
            line_start = false;
            let at = reader.span().end;
            let rest = reader.remainder();
            if let Some(length) = line_comment(rest) {
                let indent = rest.len() - rest.trim_start_matches([' ', '\t', '\u{feff}']).len();
                lexed.comments.push(base + at + indent..base + at + length);
                reader.bump(length);
                continue;
            }
            if let Some(block) = text::block(rest) {
                let content = base + at + block.content.start..base + at + block.content.end;
                if let Some(end) = block.missing {
                    let opener = base + at..base + at + rest.find('\n').unwrap_or(rest.len());
                    lexed.diagnostics.push(
                        Diagnostic::new(source, "B003", Severity::Error, opener, "this block has no end")
                            .label("everything after this line is taken as a part of it")
                            .help(format!("write `{end}` on a line of its own after the block")),
                    );
                }
                lexed.tokens.push(Token {
                    kind: block.kind,
                    start: content.start,
                    end: content.end,
                    spaced: true,
                });
                reader.bump(block.length);
                last_end = usize::MAX;
                continue;
            }
        }
        let Some(next) = reader.next() else { break };
        let span = reader.span();
        let mut kind = next.unwrap_or(Kind::Unknown);
        let mut end = span.end;
        match kind {
            Kind::Text => {
                let closed = text::quoted(reader.remainder());
                let line_end = reader.remainder().find('\n').unwrap_or(reader.remainder().len());
                reader.bump(closed.unwrap_or(line_end));
                end += closed.unwrap_or(line_end);
                if closed.is_none() {
                    lexed.diagnostics.push(
                        Diagnostic::new(
                            source,
                            "B001",
                            Severity::Error,
                            base + span.start..base + end,
                            "this text has no closing quote",
                        )
                        .help("end the text with `\"`; a quote inside a text is written `\\\"`"),
                    );
                }
            }
            Kind::Quote => {
                let line = reader.remainder().split('\n').next().unwrap_or_default();
                let opens = lexed.tokens.last().is_some_and(|token| {
                    let word = || text.get(token.start - base..token.end - base).unwrap_or_default();
                    match token.kind {
                        Kind::Equal
                        | Kind::EqualEqual
                        | Kind::NotEqual
                        | Kind::Less
                        | Kind::LessEqual
                        | Kind::Greater
                        | Kind::GreaterEqual
                        | Kind::Paren
                        | Kind::Comma
                        | Kind::Bracket
                        | Kind::Plus
                        | Kind::Ampersand
                        | Kind::Brace
                        | Kind::HashBrace
                        | Kind::Colon => true,
                        Kind::Word => ["LIKE", "ILIKE", "CONTAINS"]
                            .iter()
                            .any(|operator| word().eq_ignore_ascii_case(operator)),
                        _ => false,
                    }
                });
                if let (true, Some(close)) = (opens, line.find('\'')) {
                    reader.bump(close + 1);
                    end += close + 1;
                    kind = Kind::Text;
                } else {
                    let length = line.len();
                    reader.bump(length);
                    lexed.comments.push(base + span.start..base + end + length);
                    continue;
                }
            }
            Kind::Slashes => {
                let length = reader.remainder().find('\n').unwrap_or(reader.remainder().len());
                reader.bump(length);
                lexed.comments.push(base + span.start..base + end + length);
                continue;
            }
            Kind::Newline => line_start = true,
            Kind::Word if reader.slice() == "_" => {
                let rest = reader.remainder();
                let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
                if rest.get(blank..).is_some_and(|rest| rest.starts_with('\n')) {
                    reader.bump(blank + 1);
                    last_end = usize::MAX;
                    continue;
                }
            }
            Kind::Unknown if reader.slice() == "$" && reader.remainder().starts_with('{') => lexed.diagnostics.push(
                Diagnostic::new(
                    source,
                    "B002",
                    Severity::Error,
                    base + span.start..base + span.end,
                    "`${…}` stands outside of a text",
                )
                .help("put it inside the quotes, as in `\"Dear ${name}\"`, or join it with `+`"),
            ),
            Kind::Unknown => lexed.diagnostics.push(
                Diagnostic::new(
                    source,
                    "B002",
                    Severity::Error,
                    base + span.start..base + span.end,
                    format!("the character {:?} means nothing here", reader.slice()),
                )
                .help("put it into quotes if it belongs to a text"),
            ),
            _ => {}
        }
        lexed.tokens.push(Token {
            kind,
            start: base + span.start,
            end: base + end,
            spaced: span.start != last_end,
        });
        last_end = end;
    }
    let end = base + text.len();
    lexed.tokens.push(Token {
        kind: Kind::Newline,
        start: end,
        end,
        spaced: true,
    });
    lexed.tokens.push(Token {
        kind: Kind::End,
        start: end,
        end,
        spaced: true,
    });
    lexed
}

/// The length of a comment that takes the whole line, up to but without its newline.
fn line_comment(rest: &str) -> Option<usize> {
    let line = rest.split('\n').next().unwrap_or_default();
    let trimmed = line.trim_start_matches([' ', '\t', '\u{feff}']);
    let hash = trimmed.starts_with('#') && !trimmed.starts_with("#{");
    let rem = trimmed.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("rem"))
        && trimmed.get(3..).is_some_and(|after| {
            // `rem = 5` sets a variable; a line of signs is a comment.
            let value = after.trim_start();
            let assigns = value.starts_with('=') && !value.starts_with("==");
            after.is_empty() || after.starts_with([' ', '\t', '\r']) && !assigns
        });
    (hash || rem || trimmed.starts_with('\'') || trimmed.starts_with("//")).then_some(line.len())
}
