//! Labels and jumps, DIM, INCLUDE.

use super::{Kind, Parse, Parser};
use crate::basic::tree::{Dim, ExprKind, StmtKind};

/// Words that have a `:` behind them without being a label.
const NO_LABELS: [&str; 8] = ["ELSE", "DEFAULT", "CASE", "DO", "LOOP", "TRY", "CATCH", "THEN"];

impl Parser<'_> {
    /// `name:` at the beginning of a line.
    pub(super) fn at_label(&self) -> bool {
        let (word, colon) = (self.token_at(0), self.token_at(1));
        word.kind == Kind::Word
            && colon.kind == Kind::Colon
            && !colon.spaced
            && !NO_LABELS
                .iter()
                .any(|other| self.text_of(word).eq_ignore_ascii_case(other))
    }

    pub(super) fn label(&mut self) -> Parse<StmtKind> {
        let name = self.name("a label")?;
        self.take(Kind::Colon);
        Ok(StmtKind::Label(name))
    }

    /// `DIM a(5), b$, c AS STRING` and `REDIM [PRESERVE] a(10)`.
    pub(super) fn dim(&mut self, again: bool) -> Parse<StmtKind> {
        let keep = again && self.take_word("PRESERVE");
        let mut dims = Vec::new();
        loop {
            let name = self.name("a variable")?;
            let sizes = if matches!(self.token_at(0).kind, Kind::Paren) {
                self.call_arguments()?
            } else if matches!(self.token_at(0).kind, Kind::Bracket) {
                self.next();
                let size = self.bracketed(Self::expression)?;
                self.close(Kind::BracketEnd, "`]`")?;
                vec![size]
            } else {
                Vec::new()
            };
            let kind = if self.take_word("AS") {
                Some(self.name("a type")?.text.to_ascii_uppercase())
            } else {
                None
            };
            dims.push(Dim {
                name,
                sizes,
                kind,
                keep,
            });
            if !self.take(Kind::Comma) {
                return Ok(StmtKind::Dim(dims));
            }
        }
    }

    /// After the word INCLUDE. The text of the file was put behind this line before it was read.
    pub(super) fn include(&mut self) -> Parse<StmtKind> {
        let token = self.expect(Kind::Text, "a file's name in quotes")?;
        match self.quoted_text(token) {
            ExprKind::Text(file) => Ok(StmtKind::Include {
                file,
                span: self.place(token.span()),
            }),
            _ => Err(self.error("B108", token.span(), "the file's name must be a text without `${…}`")),
        }
    }

    pub(super) fn goto(&mut self) -> Parse<StmtKind> {
        Ok(StmtKind::Goto(self.name("a label")?))
    }

    pub(super) fn gosub(&mut self) -> Parse<StmtKind> {
        Ok(StmtKind::Gosub(self.name("a label")?))
    }
}
