//! Statements that the language itself performs: branches, loops, procedures, talking.

use super::{Block, Kind, Parse, Parser, statement::End};
use crate::basic::tree::{Case, Compare, Expr, ExprKind, Name, Stmt, StmtKind, Test, Until};

impl Parser<'_> {
    /// The statement that begins with `word`, if the language has one.
    pub(super) fn builtin(&mut self, word: &str) -> Parse<Option<StmtKind>> {
        let start = self.at;
        let called = self.token_at(1).kind == Kind::Paren && !self.token_at(1).spaced;
        self.next();
        let statement = match word {
            "IF" => self.if_statement()?,
            "FOR" => self.for_statement()?,
            "WHILE" => self.while_statement()?,
            "DO" => self.do_statement()?,
            "SELECT" | "SWITCH" if !called || self.blocks.is_empty() => self.select_statement()?,
            "SUB" | "FUNCTION" if self.kind() == Kind::Word => self.procedure()?,
            "CALL" => StmtKind::Do1(self.call()?),
            "RETURN" => self.return_statement()?,
            "EXIT" => self.leave(),
            "END" if self.at_end() => StmtKind::End,
            "BREAK" if self.at_end() => StmtKind::Leave(None),
            "CONTINUE" => {
                let _ = self.take_word("FOR") || self.take_word("WHILE") || self.take_word("DO");
                StmtKind::Continue
            }
            "WITH" => self.with_statement()?,
            "TRY" if self.at_end() => self.try_statement()?,
            "ON" if self.take_word("ERROR") => self.on_error()?,
            "GOTO" => self.goto()?,
            "GO" if self.take_word("TO") => self.goto()?,
            "GOSUB" => self.gosub()?,
            "LABEL" if self.kind() == Kind::Word => self.label()?,
            "DIM" => self.dim(false)?,
            "REDIM" => self.dim(true)?,
            "INCLUDE" if self.kind() == Kind::Text => self.include()?,
            "CLEAR" if self.take_word("ERROR") => StmtKind::ClearError,
            "THROW" | "RAISE" => StmtKind::Throw(self.expression()?),
            "ASSERT" => {
                let condition = self.without_commas(Self::expression)?;
                let message = if self.take(Kind::Comma) {
                    Some(self.expression()?)
                } else {
                    None
                };
                StmtKind::Assert { condition, message }
            }
            "TALK" if self.at_end() => StmtKind::Talk(None),
            "TALK" => StmtKind::Talk(Some(self.expression()?)),
            "PRINT" => StmtKind::Print(self.expression()?),
            "HEAR" => self.hear_statement()?,
            "PARAM" => StmtKind::Param(self.params()?),
            "DESCRIPTION" => StmtKind::Description {
                text: self.description()?,
            },
            "APPEND" | "PUSH" => self.mutation("push")?,
            "PREPEND" | "UNSHIFT" => self.mutation("unshift")?,
            _ => {
                self.at = start;
                return Ok(None);
            }
        };
        Ok(Some(statement))
    }

    /// Takes the end of a block, or reports at its beginning that there is none.
    pub(super) fn end_block(&mut self, block: Block, opener: std::ops::Range<usize>, what: &str, end: &str) {
        self.blocks.pop();
        let found = self.block_end();
        let fits = match block {
            Block::If => found == Some(End::If),
            Block::BraceIf => found == Some(End::Brace),
            Block::For => found == Some(End::For),
            Block::While => found == Some(End::While),
            Block::Do => found == Some(End::Loop),
            Block::Select => found == Some(End::Select),
            Block::Procedure => found == Some(End::Procedure),
            Block::With => found == Some(End::With),
            Block::Try => found == Some(End::Try),
            Block::On => found == Some(End::On),
            // It has no end of its own.
            Block::OnOpen => true,
            Block::Later => found == Some(End::Later),
        };
        if fits {
            let words = if self.is_word(0, "END") { 2 } else { 1 };
            self.at += words;
            return;
        }
        let error = self.error("B121", opener, format!("this {what} has no end"));
        self.diagnostics.push(
            error
                .label("begins here")
                .help(format!("write `{end}` after its last statement")),
        );
    }

    pub(super) fn open(&mut self, block: Block) -> Vec<Stmt> {
        self.blocks.push(block);
        let inline = std::mem::replace(&mut self.inline_ifs, 0);
        let body = self.statements();
        self.inline_ifs = inline;
        body
    }

    pub(super) fn opener(&self) -> std::ops::Range<usize> {
        let at = self.at.saturating_sub(1);
        self.tokens.get(at).map_or(0..0, super::Token::span)
    }

    fn if_statement(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let condition = self.expression()?;
        if self.kind() == Kind::Brace {
            return self.brace_if(condition, opener);
        }
        // `IF c GOTO label` needs no THEN.
        let jumps = self.is_word(0, "GOTO") && self.token_at(1).kind == Kind::Word;
        if !jumps && !self.take_word("THEN") {
            if !self.at_end() {
                return Err(self.expected("THEN"));
            }
            let at = self.since(opener.start);
            let warning = self.warning("B284", at, "THEN is missing");
            self.warn(warning.help("write THEN at the end of the line"));
        }
        if self.at_end() {
            return Ok(self.if_block(condition, opener));
        }
        self.inline_ifs += 1;
        let mut then = vec![self.line()];
        let mut otherwise = None;
        self.inline_ifs -= 1;
        if self.is_word(0, "ELSE") {
            self.next();
            let outer = self.inline_ifs;
            otherwise = Some(if self.at_end() { Vec::new() } else { vec![self.line()] });
            self.inline_ifs = outer;
        } else if self.blocks.last() != Some(&Block::If) && self.goes_on_as_block() {
            // The first statement stands on the line of THEN, the rest of the block below.
            let StmtKind::If { mut arms, otherwise } = self.if_block(condition, opener) else {
                return Ok(StmtKind::Broken);
            };
            if let Some((_, body)) = arms.first_mut() {
                then.append(body);
                *body = then;
            }
            return Ok(StmtKind::If { arms, otherwise });
        }
        Ok(StmtKind::If {
            arms: vec![(condition, then)],
            otherwise,
        })
    }

    fn goes_on_as_block(&mut self) -> bool {
        let at = self.at;
        self.skip_newlines();
        let goes_on = matches!(self.block_end(), Some(End::Else | End::If));
        self.at = at;
        goes_on
    }

    fn if_block(&mut self, condition: Expr, opener: std::ops::Range<usize>) -> StmtKind {
        let mut arms = vec![(condition, self.open(Block::If))];
        let mut otherwise = None;
        while self.block_end() == Some(End::Else) {
            let short = self.take_word("ELSEIF");
            if !short {
                self.next();
            }
            if short || self.is_word(0, "IF") && !self.is_assignment(0) {
                if !short {
                    self.next();
                }
                let condition = self.expression().unwrap_or_else(|error| {
                    self.diagnostics.push(*error);
                    self.skip_line();
                    Expr::new(ExprKind::Broken, 0..0)
                });
                self.take_word("THEN");
                self.blocks.pop();
                arms.push((condition, self.open(Block::If)));
            } else {
                self.take(Kind::Colon);
                self.blocks.pop();
                otherwise = Some(self.open(Block::If));
            }
        }
        self.end_block(Block::If, opener, "IF", "END IF");
        StmtKind::If { arms, otherwise }
    }

    fn brace_if(&mut self, condition: Expr, opener: std::ops::Range<usize>) -> Parse<StmtKind> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        let mut condition = condition;
        loop {
            self.expect(Kind::Brace, "`{`")?;
            let body = self.open(Block::BraceIf);
            arms.push((condition, body));
            self.end_block(Block::BraceIf, opener.clone(), "IF", "}");
            let at = self.at;
            self.skip_newlines();
            if !self.take_word("ELSE") {
                self.at = at;
                break;
            }
            if self.take_word("IF") {
                condition = self.expression()?;
                continue;
            }
            self.expect(Kind::Brace, "`{`")?;
            otherwise = Some(self.open(Block::BraceIf));
            self.end_block(Block::BraceIf, opener, "ELSE", "}");
            break;
        }
        Ok(StmtKind::If { arms, otherwise })
    }

    fn for_statement(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let each = self.is_word(0, "EACH") && !matches!(self.token_at(1).kind, Kind::Equal) && !self.is_word(1, "IN");
        if each {
            self.next();
        }
        let name = self.name("the loop's variable")?;
        if each || self.is_word(0, "IN") {
            if !self.take_word("IN") {
                return Err(self.expected("IN"));
            }
            let items = self.expression()?;
            let last = if self.take_word("LAST") {
                Some(self.expression()?)
            } else {
                None
            };
            self.take_word("DO");
            let body = self.loop_body();
            self.end_for(opener, &name);
            return Ok(StmtKind::ForEach {
                name,
                list: items,
                last,
                body,
            });
        }
        self.expect(Kind::Equal, "`=` or IN")?;
        let from = self.expression()?;
        if !self.take_word("TO") {
            return Err(self.expected("TO"));
        }
        let to = self.expression()?;
        let step = if self.take_word("STEP") {
            Some(self.expression()?)
        } else {
            None
        };
        self.take_word("DO");
        let body = self.loop_body();
        self.end_for(opener, &name);
        Ok(StmtKind::For {
            name,
            from,
            to,
            step,
            body,
        })
    }

    fn loop_body(&mut self) -> Vec<Stmt> {
        if !self.at_end() {
            let error = self.leftover_of_header();
            self.diagnostics.push(*error);
            self.skip_line();
        }
        self.open(Block::For)
    }

    pub(super) fn leftover_of_header(&mut self) -> Box<crate::basic::Diagnostic> {
        let token = self.token();
        let text = self.text_of(token).chars().take(32).collect::<String>();
        self.error("B101", token.span(), format!("`{text}` does not belong here"))
    }

    fn end_for(&mut self, opener: std::ops::Range<usize>, name: &Name) {
        let next = self.is_word(0, "NEXT");
        self.end_block(Block::For, opener, "FOR", "NEXT");
        let token = self.token_at(0);
        if next && token.kind == Kind::Word && !self.at_end() {
            let other = self.text_of(token);
            if !other.eq_ignore_ascii_case(&name.text) {
                let title = format!("`NEXT {other}` ends the loop over `{}`", name.text);
                let warning = self.warning("B201", token.span(), title);
                self.warn(warning.help(format!("write `NEXT {}`, or NEXT alone", name.text)));
            }
            self.at += 1;
        }
    }

    fn while_statement(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let condition = self.expression()?;
        self.take_word("DO");
        let body = self.open(Block::While);
        self.end_block(Block::While, opener, "WHILE", "END WHILE");
        Ok(StmtKind::While { condition, body })
    }

    fn until(&mut self) -> Parse<Option<Until>> {
        let until = self.take_word("UNTIL");
        if !until && !self.take_word("WHILE") {
            return Ok(None);
        }
        Ok(Some(Until {
            until,
            condition: self.expression()?,
        }))
    }

    fn do_statement(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let before = self.until()?;
        let body = self.open(Block::Do);
        self.end_block(Block::Do, opener, "DO", "LOOP");
        let after = self.until()?;
        Ok(StmtKind::Do { before, after, body })
    }

    fn select_statement(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        self.take_word("CASE");
        let subject = self.expression()?;
        let mut cases = Vec::new();
        let mut otherwise = None;
        let before = self.open(Block::Select);
        if let Some(stray) = before.first() {
            let error = self.error(
                "B122",
                stray.span.clone(),
                "this statement stands before the first CASE",
            );
            self.diagnostics
                .push(error.help("move it before SELECT CASE or into a CASE"));
        }
        while self.block_end() == Some(End::Case) {
            let default = self.take_word("DEFAULT") || {
                self.next();
                self.take_word("ELSE")
            };
            self.blocks.pop();
            let tests = if default { Vec::new() } else { self.case_tests() };
            self.take(Kind::Colon);
            let body = self.open(Block::Select);
            if default {
                otherwise = Some(body);
            } else {
                cases.push(Case { tests, body });
            }
        }
        self.end_block(Block::Select, opener, "SELECT", "END SELECT");
        Ok(StmtKind::Select {
            subject,
            cases,
            otherwise,
        })
    }

    fn case_tests(&mut self) -> Vec<Test> {
        let mut tests = Vec::new();
        loop {
            match self.without_commas(Self::case_test) {
                Ok(test) => tests.push(test),
                Err(error) => {
                    self.diagnostics.push(*error);
                    self.skip_line();
                    return tests;
                }
            }
            if !self.take(Kind::Comma) {
                return tests;
            }
            self.skip_newlines_after_operator();
        }
    }

    fn case_test(&mut self) -> Parse<Test> {
        if self.is_word(0, "IS") {
            let operator = match self.token_at(1).kind {
                Kind::Less => Compare::Less,
                Kind::LessEqual => Compare::LessEqual,
                Kind::Greater => Compare::Greater,
                Kind::GreaterEqual => Compare::GreaterEqual,
                Kind::Equal | Kind::EqualEqual => Compare::Equal,
                Kind::NotEqual => Compare::NotEqual,
                _ => return Ok(Test::Equal(self.alternative()?)),
            };
            self.at += 2;
            return Ok(Test::Is(operator, self.alternative()?));
        }
        let low = self.alternative()?;
        if self.take_word("TO") {
            Ok(Test::Range(low, self.alternative()?))
        } else {
            Ok(Test::Equal(low))
        }
    }

    /// Runs `parse` where a keyword takes no comma list.
    pub(super) fn without_commas<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        let commas = std::mem::replace(&mut self.commas, false);
        let result = parse(self);
        self.commas = commas;
        result
    }

    /// Expressions with commas between them; a line may end after a comma.
    pub(super) fn comma_list(&mut self) -> Parse<Vec<Expr>> {
        let mut items = Vec::new();
        loop {
            self.skip_newlines_after_operator();
            items.push(self.without_commas(Self::expression)?);
            if !self.take(Kind::Comma) {
                return Ok(items);
            }
        }
    }
}
