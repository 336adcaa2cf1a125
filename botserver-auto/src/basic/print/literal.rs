//! Literals: as their author wrote them, or as they are written best.

use std::ops::Range;

use super::Printer;
use super::layout::Doc;
use crate::basic::{
    lexer::{Kind, unescape},
    tree::{Expr, ExprKind},
};

/// `text` as it is written between quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Whether `text` may stand as a word.
pub(super) fn is_word(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() || c == '_';
    text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_numeric())
}

impl Printer<'_> {
    /// A text in quotes.
    pub(super) fn quoted(&self, text: &str, span: &Range<usize>) -> String {
        self.as_written(text, span)
            .unwrap_or_else(|| format!("\"{}\"", escape(text)))
    }

    /// A text whose place is not in the tree, somewhere in `span`.
    pub(super) fn quoted_in(&self, text: &str, span: &Range<usize>) -> String {
        let first = self.tokens.partition_point(|token| token.start < span.start);
        let tokens = self.tokens.get(first..).unwrap_or_default();
        let mut texts = tokens
            .iter()
            .take_while(|token| token.start < span.end)
            .filter(|token| token.kind == Kind::Text)
            .filter_map(|token| self.as_written(text, &token.span()));
        texts.next().unwrap_or_else(|| format!("\"{}\"", escape(text)))
    }

    /// What stands at `span`, when it is `text` in quotes.
    fn as_written(&self, text: &str, span: &Range<usize>) -> Option<String> {
        let written = self.slice(span);
        let inner = written.strip_prefix('"')?.strip_suffix('"')?;
        (unescape(inner) == text).then(|| written.to_owned())
    }

    /// A text with holes.
    pub(super) fn template(&mut self, pieces: &[Expr], span: &Range<usize>) -> Doc {
        let written = self.slice(span);
        if written.starts_with('"') {
            return Doc::Text(written.to_owned());
        }
        let mut text = String::from("\"");
        for piece in pieces {
            if let ExprKind::Text(plain) = &piece.kind {
                text.push_str(&escape(plain));
            } else {
                text.push_str("${");
                let mut code = String::new();
                let doc = self.whole(piece);
                super::layout::write(&mut code, &doc, 0);
                text.push_str(&code.replace('\\', "\\\\").replace('\n', " "));
                text.push('}');
            }
        }
        text.push('"');
        Doc::Text(text)
    }

    /// The name of an object's field.
    pub(super) fn key(&mut self, key: &Expr) -> Doc {
        match &key.kind {
            ExprKind::Text(text) if is_word(text) => Doc::text(text.clone()),
            ExprKind::Text(text) => Doc::Text(self.quoted(text, &key.span)),
            ExprKind::Template(pieces) => self.template(pieces, &key.span),
            _ => {
                let inner = self.whole(key);
                Doc::Cat(vec![Doc::text("["), inner, Doc::text("]")])
            }
        }
    }
}
