//! Texts with `${…}` inside, in quotes and in blocks.

use std::ops::Range;

use super::{Kind, Parser, Token};
use crate::basic::{
    lexer::{self, Hole, dedent, holes, unescape},
    tree::{Expr, ExprKind},
};

impl Parser<'_> {
    /// The value of a text in quotes.
    pub(super) fn quoted_text(&mut self, token: Token) -> ExprKind {
        let quoted = self.text_of(token);
        let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        if quoted.starts_with('\'') {
            return ExprKind::Text(inner.to_owned());
        }
        if !inner.contains("${") {
            return ExprKind::Text(unescape(inner));
        }
        self.template(inner, token.start + 1, unescape)
    }

    /// The value of a text block.
    pub(super) fn block_text(&mut self, token: Token) -> Expr {
        let text = dedent(self.text_of(token));
        let span = self.place(token.span());
        let kind = if text.contains("${") {
            self.template(&text, token.start, str::to_owned)
        } else {
            ExprKind::Text(text)
        };
        Expr::new(kind, span)
    }

    /// A text without quotes that stands at `place`, with `${…}` inside.
    pub(super) fn text_with_holes(&mut self, text: &str, place: usize) -> Expr {
        let kind = if text.contains("${") {
            self.template(text, place, str::to_owned)
        } else {
            ExprKind::Text(text.to_owned())
        };
        Expr::new(kind, self.place(place..place + text.len()))
    }

    /// The expression that a piece of a verbatim block is.
    pub(super) fn piece_of_block(&mut self, span: Range<usize>) -> super::Parse<Expr> {
        let code = self.text.get(span.clone()).unwrap_or_default();
        let mut lexed = lexer::lex_range(self.source, code, span.start, false);
        self.diagnostics.append(&mut lexed.diagnostics);
        lexed.tokens.retain(|token| token.kind != Kind::Newline);
        let mut inner = Parser::new(
            self.source,
            self.text,
            lexed.tokens,
            self.grammar,
            [self.procedures, self.names, self.lists],
        );
        inner.depth = self.depth;
        inner.fixed.clone_from(&self.fixed);
        let parsed = inner.nest(Self::hole_expression);
        let mut found = std::mem::take(&mut inner.diagnostics);
        self.diagnostics.append(&mut found);
        parsed
    }

    /// Pieces of `text`, which begins at `base` or, when indentation was taken off, somewhere after it.
    fn template(&mut self, text: &str, base: usize, plain: impl Fn(&str) -> String) -> ExprKind {
        let mut pieces = Vec::new();
        let mut cursor = base;
        for hole in holes(text) {
            match hole {
                Hole::Text(range) => {
                    let piece = plain(text.get(range).unwrap_or_default());
                    pieces.push(Expr::new(ExprKind::Text(piece), self.place(base..base)));
                }
                Hole::Code(range) => {
                    let code = text.get(range).unwrap_or_default();
                    let found = self
                        .text
                        .get(cursor..)
                        .and_then(|rest| rest.find(&format!("${{{code}")));
                    let at = found.map_or(cursor, |found| cursor + found + "${".len());
                    cursor = at + code.len().min(self.text.len().saturating_sub(at));
                    pieces.push(self.hole(code, at..at + code.len()));
                }
            }
        }
        ExprKind::Template(pieces)
    }

    /// The expression between `${` and `}`; text that is no expression stays text, with a warning.
    fn hole(&mut self, code: &str, span: Range<usize>) -> Expr {
        let unquoted = unescape(code);
        let escaped = unquoted != code;
        let base = if escaped { 0 } else { span.start };
        let text = if escaped { unquoted.as_str() } else { self.text };
        let slice = if escaped { unquoted.as_str() } else { code };
        let mut lexed = lexer::lex_range(self.source, slice, base, false);
        let clean = lexed.diagnostics.is_empty();
        lexed.tokens.retain(|token| token.kind != Kind::Newline);
        let mut inner = Parser::new(
            self.source,
            text,
            lexed.tokens,
            self.grammar,
            [self.procedures, self.names, self.lists],
        );
        inner.depth = self.depth;
        inner.commas = false;
        inner.fixed = if escaped {
            Some(self.place(span.clone()))
        } else {
            self.fixed.clone()
        };
        let parsed = inner.nest(Self::hole_expression);
        let mut found = std::mem::take(&mut inner.diagnostics);
        let filtering = std::mem::take(&mut inner.filtering);
        self.filtering.extend(filtering);
        match parsed {
            Ok(expr) if clean => {
                self.diagnostics.append(&mut found);
                expr
            }
            Err(error) if error.code == "B110" => {
                let span = self.place(span);
                self.diagnostics.push(*error);
                Expr::new(ExprKind::Broken, span)
            }
            _ => {
                let warning = self.warning("B205", span.clone(), "this is not an expression, so it stays text");
                self.warn(warning.help("write a value between `${` and `}`, such as `${name}`"));
                Expr::new(ExprKind::Text(format!("${{{code}}}")), self.place(span))
            }
        }
    }

    fn hole_expression(inner: &mut Parser<'_>) -> super::Parse<Expr> {
        let expr = inner.expression()?;
        if inner.kind() == Kind::End {
            Ok(expr)
        } else {
            Err(inner.expected("`}`"))
        }
    }
}
