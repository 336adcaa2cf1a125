//! Procedures and what goes with them: SUB, CALL, RETURN, WITH, TRY, ON ERROR, list commands.

use super::{Block, Kind, Parse, Parser, statement::End};
use crate::basic::tree::{Expr, ExprKind, Place, PlaceKey, Procedure, Stmt, StmtKind};

impl Parser<'_> {
    pub(super) fn procedure(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let name = self.name("a name")?;
        let mut params = Vec::new();
        if self.take(Kind::Paren) {
            params = self.bracketed(|parser| {
                let mut params = Vec::new();
                while parser.kind() == Kind::Word {
                    params.push(parser.name("a parameter")?);
                    if !parser.take(Kind::Comma) {
                        break;
                    }
                }
                Ok(params)
            })?;
            self.close(Kind::ParenEnd, "`)`")?;
        }
        if !self.blocks.is_empty() {
            let error = self.error(
                "B123",
                opener.clone(),
                "a SUB or FUNCTION cannot stand inside another block",
            );
            self.diagnostics.push(error.help("move it to the end of the script"));
        }
        let body = self.open(Block::Procedure);
        self.end_block(Block::Procedure, opener, "SUB or FUNCTION", "END SUB");
        Ok(StmtKind::Procedure(Procedure { name, params, body }))
    }

    /// `CALL name[(args)]` or `CALL "file.bas"[, args]`, after the word CALL.
    pub(super) fn call(&mut self) -> Parse<Expr> {
        let start = self.start();
        if self.kind() == Kind::Word && !self.phrase_is_callable() {
            let name = self.name("a name")?;
            let args = if self.token_at(0).kind == Kind::Paren {
                self.call_arguments()?
            } else if self.commas && self.take(Kind::Comma) {
                self.comma_list()?
            } else {
                Vec::new()
            };
            return Ok(Expr::new(ExprKind::Call(name, args), self.since(start)));
        }
        let commas = self.commas;
        let script = self.without_commas(Self::sum)?;
        let args = if commas && self.take(Kind::Comma) {
            self.comma_list()?
        } else {
            Vec::new()
        };
        Ok(Expr::new(ExprKind::Script(Box::new(script), args), self.since(start)))
    }

    /// Whether CALL is followed by a value that names a script instead of a procedure's name.
    fn phrase_is_callable(&self) -> bool {
        matches!(
            self.token_at(1).kind,
            Kind::Plus | Kind::Ampersand | Kind::Dot | Kind::Bracket
        )
    }

    pub(super) fn return_statement(&mut self) -> Parse<StmtKind> {
        if self.at_end() {
            return Ok(StmtKind::Return(None));
        }
        if !(self.is_word(0, "WITH") && self.token_at(1).kind == Kind::Word && self.is_word(2, "AS")) {
            return Ok(StmtKind::Return(Some(self.expression()?)));
        }
        self.next();
        let mut fields = Vec::new();
        loop {
            let name = self.name("a field's name")?;
            if !self.take_word("AS") {
                return Err(self.expected("AS"));
            }
            fields.push((name, self.without_commas(Self::expression)?));
            if !self.take(Kind::Comma) {
                return Ok(StmtKind::ReturnWith(fields));
            }
            self.skip_newlines_after_operator();
        }
    }

    pub(super) fn with_statement(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let target = self.target()?;
        if !self.at_end() {
            return Err(self.leftover_of_header());
        }
        self.blocks.push(Block::With);
        let mut fields = Vec::new();
        let mut fresh = true;
        loop {
            while matches!(self.kind(), Kind::Newline | Kind::Semicolon) {
                self.next();
            }
            if self.kind() == Kind::End || self.block_end().is_some() {
                break;
            }
            let start = self.start();
            let first = self.at;
            let dotted = self.take(Kind::Dot);
            fresh &= !dotted;
            match self.with_field(&target) {
                Ok(kind) => fields.push(Stmt {
                    kind,
                    span: self.since(start),
                }),
                Err(error) => {
                    self.diagnostics.push(*error);
                    self.at = self.at.max(first);
                    self.skip_line();
                }
            }
        }
        self.end_block(Block::With, opener, "WITH", "END WITH");
        Ok(StmtKind::With { target, fresh, fields })
    }

    fn with_field(&mut self, target: &Place) -> Parse<StmtKind> {
        let field = self.target()?;
        self.expect(Kind::Equal, "`=`")?;
        let value = self.expression()?;
        if !self.at_end() {
            return Err(self.leftover_of_header());
        }
        let mut place = target.clone();
        place.keys.push(PlaceKey::Member(field.name.text));
        place.keys.extend(field.keys);
        place.span = field.span;
        Ok(StmtKind::Assign { target: place, value })
    }

    pub(super) fn try_statement(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let body = self.open(Block::Try);
        let mut error = None;
        let mut handler = Vec::new();
        if self.block_end() == Some(End::Catch) {
            self.next();
            if !self.at_end() {
                error = Some(self.name("the error's name")?);
            }
            self.blocks.pop();
            handler = self.open(Block::Try);
        }
        self.end_block(Block::Try, opener, "TRY", "END TRY");
        Ok(StmtKind::Try { body, error, handler })
    }

    pub(super) fn on_error(&mut self) -> Parse<StmtKind> {
        if self.take_words(&["RESUME", "NEXT"]) {
            return Ok(StmtKind::OnError(true));
        }
        if self.take_word("GOTO") {
            if self.kind() == Kind::Word {
                return Ok(StmtKind::OnErrorGoto(self.name("a label")?));
            }
            let zero = self.kind() == Kind::Number && {
                let token = self.token();
                self.text_of(token) == "0"
            };
            if zero {
                self.next();
                return Ok(StmtKind::OnError(false));
            }
        }
        Err(self.expected("RESUME NEXT, GOTO 0 or GOTO label"))
    }

    pub(super) fn mutation(&mut self, method: &'static str) -> Parse<StmtKind> {
        let called = self.kind() == Kind::Paren && !self.token_at(0).spaced;
        if called {
            self.next();
            self.brackets += 1;
        }
        let target = self.target()?;
        self.expect(Kind::Comma, "`,`")?;
        self.skip_newlines_after_operator();
        let args = vec![self.without_commas(Self::expression)?];
        if called {
            self.brackets -= 1;
            self.close(Kind::ParenEnd, "`)`")?;
        }
        Ok(StmtKind::Mutate { method, target, args })
    }
}
