//! Statements: which one a line is, assignments, recovery.

use super::{Block, Kind, Parse, Parser};
use crate::basic::{
    compiler,
    diagnostic::Diagnostic,
    tree::{Arith, Expr, ExprKind, Loop, Place, PlaceKey, Step, Stmt, StmtKind, Transaction},
};

/// What ends a block, before it is known which block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    If,
    Else,
    For,
    While,
    Loop,
    Select,
    Case,
    Procedure,
    With,
    Try,
    Catch,
    Brace,
    On,
    NextOn,
    Later,
}

impl End {
    fn closes(self, block: Block) -> bool {
        match self {
            Self::If => block == Block::If,
            Self::Else => matches!(block, Block::If),
            Self::For => block == Block::For,
            Self::While => block == Block::While,
            Self::Loop => block == Block::Do,
            Self::Select | Self::Case => block == Block::Select,
            Self::Procedure => block == Block::Procedure,
            Self::With => block == Block::With,
            Self::Try | Self::Catch => block == Block::Try,
            Self::Brace => block == Block::BraceIf,
            Self::On => block == Block::On,
            Self::NextOn => block == Block::OnOpen,
            Self::Later => block == Block::Later,
        }
    }
}

impl Parser<'_> {
    pub(super) fn script(&mut self) -> Vec<Stmt> {
        let mut body = Vec::new();
        loop {
            body.append(&mut self.statements());
            if self.kind() == Kind::End {
                return body;
            }
            // Something ends a block that is not open.
            let start = self.at;
            let token = self.token();
            self.skip_line();
            let span = token.start
                ..self
                    .tokens
                    .get(self.at.saturating_sub(1))
                    .map_or(token.end, |last| last.end);
            let text = self.text.get(span.clone()).unwrap_or_default().trim();
            let error = self.error("B120", span.clone(), format!("`{text}` ends a block that is not open"));
            self.diagnostics
                .push(error.help("remove the line, or look for the block's beginning above"));
            if self.at == start {
                self.at += 1;
            }
        }
    }

    /// Statements up to the end of an open block, which is not taken.
    pub(super) fn statements(&mut self) -> Vec<Stmt> {
        let mut body = Vec::new();
        loop {
            while matches!(self.kind(), Kind::Newline | Kind::Semicolon) {
                self.next();
            }
            if self.kind() == Kind::End {
                return body;
            }
            if let Some(end) = self.block_end() {
                let stray = end == End::Case && !self.blocks.contains(&Block::Select);
                if self.blocks.is_empty() || stray || self.blocks.iter().any(|block| end.closes(*block)) {
                    return body;
                }
                return body;
            }
            body.push(self.line());
        }
    }

    /// One statement; when it cannot be read, the rest of its line is skipped.
    pub(super) fn line(&mut self) -> Stmt {
        let start = self.start();
        let first = self.at;
        let parsed = self.statement().and_then(|kind| {
            // A block whose end is missing stops before the end of the block around it.
            let ended = matches!(kind, StmtKind::Label(_))
                || self.at_end()
                // An ON block without an end stops before the next one.
                || matches!(kind, StmtKind::On { .. }) && self.starts_line()
                || self.at > first && self.block_end().is_some() && self.starts_line();
            if ended { Ok(kind) } else { Err(self.leftover()) }
        });
        match parsed {
            Ok(kind) => {
                let span = self.since(start);
                self.served(&kind, &span);
                Stmt { kind, span }
            }
            Err(error) => {
                let resume = self.recover(first, &error);
                self.diagnostics.push(*error);
                self.at = resume.max(first + 1);
                self.swallow_block(first);
                Stmt {
                    kind: StmtKind::Broken,
                    span: self.since(start),
                }
            }
        }
    }

    /// Says when this server cannot perform the keyword that a statement stands for.
    fn served(&mut self, kind: &StmtKind, span: &std::ops::Range<usize>) {
        let Some(phrase) = compiler::keyword(kind) else { return };
        let entry = self.grammar.find(phrase);
        let lacks = match entry {
            Some(entry) => entry.elsewhere.map(str::to_owned),
            None => Some(format!("keyword {phrase}")),
        };
        if let Some(lacks) = lacks {
            let end = self.text.get(span.clone()).and_then(|text| text.find('\n'));
            let first_line = span.start..end.map_or(span.end, |end| span.start + end);
            let title = format!("this server has no {lacks}, so this line fails when it is reached");
            let warning = self.warning("B230", first_line, title);
            self.warn(warning.help("put it between TRY and CATCH, or take it away"));
        }
    }

    fn starts_line(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.is_some_and(|token| token.kind == Kind::Newline)
    }

    /// After a block's first line could not be read: reads its body all the same, so that its problems are
    /// found too and its end is not taken for a stray one.
    fn swallow_block(&mut self, first: usize) {
        let Some(token) = self.tokens.get(first).copied() else {
            return;
        };
        let block = match self.text_of(token).to_ascii_uppercase().as_str() {
            "FOR" => Block::For,
            "WHILE" => Block::While,
            "SELECT" | "SWITCH" => Block::Select,
            "WITH" => Block::With,
            "ON" if self.is_before(self.at, "DO") => Block::On,
            "SUB" | "FUNCTION" => Block::Procedure,
            "IF" if self.at > 0 && self.is_before(self.at, "THEN") => Block::If,
            _ => return,
        };
        if self.inline_ifs > 0 || self.depth >= super::MAX_DEPTH || !self.at_end() {
            return;
        }
        self.depth += 1;
        loop {
            self.blocks.push(block);
            let _ = self.statements();
            self.blocks.pop();
            match self.block_end() {
                Some(End::Case | End::Else) if matches!(block, Block::Select | Block::If) => self.skip_line(),
                Some(end) if end.closes(block) => {
                    self.skip_line();
                    break;
                }
                _ => break,
            }
        }
        self.depth -= 1;
    }

    fn is_before(&self, at: usize, word: &str) -> bool {
        let token = at.checked_sub(1).and_then(|at| self.tokens.get(at));
        token.is_some_and(|token| self.text_of(*token).eq_ignore_ascii_case(word))
    }

    fn leftover(&mut self) -> Box<Diagnostic> {
        let token = self.token();
        let text = self.text_of(token).chars().take(32).collect::<String>();
        let mut error = self.error("B101", token.span(), format!("`{text}` does not belong here"));
        "the statement is complete before this".clone_into(&mut error.label);
        error
    }

    /// Where to go on after an error: the next line, or the line of the error when the error is its first word,
    /// because then a bracket above was left open.
    fn recover(&mut self, first: usize, error: &Diagnostic) -> usize {
        self.brackets = 0;
        self.commas = true;
        let mut at = self.at.max(first);
        while at > first && self.tokens.get(at).is_some_and(|token| token.start > error.span.start) {
            at -= 1;
        }
        let first_of_line = at > first && self.tokens.get(at - 1).is_some_and(|token| token.kind == Kind::Newline);
        if first_of_line && self.tokens.get(at).is_some_and(|token| token.kind == Kind::Word) {
            return at;
        }
        while self
            .tokens
            .get(at)
            .is_some_and(|token| !matches!(token.kind, Kind::Newline | Kind::End))
        {
            at += 1;
        }
        at
    }

    pub(super) fn skip_line(&mut self) {
        while !matches!(self.token_at(0).kind, Kind::Newline | Kind::End) {
            self.at += 1;
        }
    }

    /// What the line ends, if it ends a block.
    pub(super) fn block_end(&mut self) -> Option<End> {
        if self.kind() == Kind::BraceEnd {
            return Some(End::Brace);
        }
        let word = self.word()?.to_ascii_uppercase();
        if self.is_assignment(0) || matches!(self.token_at(1).kind, Kind::Dot | Kind::QuestionDot) {
            return None;
        }
        Some(match word.as_str() {
            "ENDIF" => End::If,
            "ELSE" | "ELSEIF" => {
                if self.inline_ifs > 0 {
                    return None;
                }
                End::Else
            }
            "NEXT" => End::For,
            "WEND" => End::While,
            "LOOP" => End::Loop,
            "CASE" => End::Case,
            "DEFAULT" if self.blocks.last() == Some(&Block::Select) => End::Case,
            "CATCH" => End::Catch,
            "ON" if self.blocks.last() == Some(&Block::OnOpen) && !self.is_word(1, "ERROR") => End::NextOn,
            "END" => {
                let next = self.token_at(1);
                let second = if next.kind == Kind::Word {
                    self.text_of(next).to_ascii_uppercase()
                } else {
                    String::new()
                };
                match second.as_str() {
                    "IF" => End::If,
                    "FOR" => End::For,
                    "WHILE" => End::While,
                    "SELECT" | "SWITCH" => End::Select,
                    "SUB" | "FUNCTION" => End::Procedure,
                    "WITH" => End::With,
                    "TRY" => End::Try,
                    "LOOP" | "DO" => End::Loop,
                    "ON" => End::On,
                    "SCHEDULE" => End::Later,
                    _ => return None,
                }
            }
            _ => return None,
        })
    }

    /// R1: whether an assignment begins `ahead` tokens from here.
    pub(super) fn is_assignment(&self, ahead: usize) -> bool {
        if self.token_at(ahead).kind != Kind::Word {
            return false;
        }
        let mut at = ahead + 1;
        let list = self.is_list(self.token_at(ahead));
        loop {
            match self.token_at(at).kind {
                Kind::Dot | Kind::QuestionDot if self.token_at(at + 1).kind == Kind::Word => at += 2,
                Kind::Bracket | Kind::Paren
                    if !self.token_at(at).spaced && (list || self.token_at(at).kind == Kind::Bracket) =>
                {
                    let mut depth = 0_usize;
                    loop {
                        match self.token_at(at).kind {
                            Kind::Bracket | Kind::Paren => depth += 1,
                            Kind::BracketEnd | Kind::ParenEnd => depth = depth.saturating_sub(1),
                            Kind::Newline | Kind::End => return false,
                            _ => {}
                        }
                        at += 1;
                        if depth == 0 {
                            break;
                        }
                    }
                }
                Kind::Equal => return true,
                _ => return self.operator_assigns(at).is_some(),
            }
        }
    }

    /// The operator of `+=` and its like, `ahead` tokens from here.
    fn operator_assigns(&self, ahead: usize) -> Option<Arith> {
        let equal = self.token_at(ahead + 1);
        let operator = match self.token_at(ahead).kind {
            Kind::Plus => Arith::Add,
            Kind::Minus => Arith::Subtract,
            Kind::Star => Arith::Multiply,
            Kind::Slash => Arith::Divide,
            Kind::Ampersand => Arith::Concat,
            _ => return None,
        };
        (equal.kind == Kind::Equal && !equal.spaced).then_some(operator)
    }

    fn assignment(&mut self) -> Parse<StmtKind> {
        let start = self.start();
        let target = self.target()?;
        let operator = self.operator_assigns(0);
        self.at += usize::from(operator.is_some());
        let span = self.since(start);
        self.expect(Kind::Equal, "`=`")?;
        let value = self.expression()?;
        let Some(operator) = operator else {
            return Ok(StmtKind::Assign { target, value });
        };
        // `x += 1` is short for `x = x + 1`.
        let whole = Expr::new(target.read().kind, span.start..value.span.end);
        let kind = match (operator, value.kind) {
            (Arith::Add | Arith::Concat, ExprKind::Chain(first, rest))
                if rest.iter().all(|(one, _)| *one == operator) =>
            {
                let mut chain = vec![(operator, *first)];
                chain.extend(rest);
                ExprKind::Chain(Box::new(target.read()), chain)
            }
            (_, kind) => {
                let value = Expr::new(kind, value.span);
                ExprKind::Chain(Box::new(target.read()), vec![(operator, value)])
            }
        };
        Ok(StmtKind::Assign {
            target,
            value: Expr::new(kind, whole.span),
        })
    }

    pub(super) fn skip_newlines_after_operator(&mut self) {
        // A line that ends in an operator goes on; an operator at the end of the script does not.
        if self.token_at(0).kind == Kind::Newline && self.token_at(1).kind != Kind::End {
            self.skip_newlines();
        }
    }

    /// A variable, or a member or element of one.
    pub(super) fn target(&mut self) -> Parse<Place> {
        let start = self.start();
        let name = self.name("a variable")?;
        let mut keys = Vec::new();
        loop {
            match self.token_at(0).kind {
                Kind::Dot | Kind::QuestionDot => {
                    self.next();
                    keys.push(PlaceKey::Member(self.name("a member's name")?.text));
                }
                Kind::Bracket if !self.token_at(0).spaced => {
                    self.next();
                    let index = self.bracketed(Self::expression)?;
                    self.close(Kind::BracketEnd, "`]`")?;
                    keys.push(PlaceKey::Index(index));
                }
                Kind::Paren if keys.is_empty() && !self.token_at(0).spaced && self.lists.contains(&name.key()) => {
                    keys.extend(self.list_indexes()?.into_iter().map(PlaceKey::Index));
                }
                _ => break,
            }
        }
        Ok(Place {
            name,
            keys,
            span: self.since(start),
        })
    }

    /// Whether the word is a list of DIM, so that brackets behind it hold an index.
    pub(super) fn is_list(&self, token: super::Token) -> bool {
        !self.lists.is_empty()
            && token.kind == Kind::Word
            && self
                .lists
                .contains(&self.text_of(token).trim_end_matches('$').to_lowercase())
    }

    /// A closing bracket, which may stand on a line of its own.
    pub(super) fn close(&mut self, kind: Kind, what: &str) -> Parse<()> {
        self.brackets += 1;
        let result = self.expect(kind, what);
        self.brackets -= 1;
        result.map(drop)
    }

    fn statement(&mut self) -> Parse<StmtKind> {
        match self.kind() {
            Kind::TalkBlock => {
                let token = self.next();
                return Ok(StmtKind::Talk(Some(self.block_text(token))));
            }
            Kind::PromptBlock => {
                let token = self.next();
                return Ok(StmtKind::Prompt(self.block_text(token)));
            }
            Kind::MailBlock => {
                let token = self.next();
                return self.mail(token);
            }
            Kind::TableBlock => {
                let token = self.next();
                return Ok(self.table(token));
            }
            Kind::SqlBlock => {
                let token = self.next();
                return Ok(self.sql_statement(token));
            }
            _ => {}
        }
        if self.is_assignment(0) {
            return self.assignment();
        }
        let Some(word) = self.word() else {
            return self.expression_statement();
        };
        let upper = word.to_ascii_uppercase();
        if matches!(upper.as_str(), "LET" | "SET") && self.is_assignment(1) {
            self.next();
            return self.assignment();
        }
        let next = self.token_at(1).kind;
        let member = next == Kind::QuestionDot || next == Kind::Dot && !self.is_dotted(1);
        if member || self.token_at(1).kind == Kind::Bracket && !self.token_at(1).spaced {
            return self.expression_statement();
        }
        if self.inline_ifs == 0 && self.at_label() {
            return self.label();
        }
        if let Some(statement) = self.nest(|parser| parser.structure(&upper)).transpose() {
            return statement;
        }
        // A longer phrase of the registry wins over a statement of one word: TALK TO over TALK.
        if let Some(matched) = self.phrase()
            && matched.words > 1
        {
            return self.nest(|parser| parser.command(&matched, true)).map(StmtKind::Do1);
        }
        if let Some(statement) = self.nest(|parser| parser.builtin(&upper)).transpose() {
            return statement;
        }
        if let Some(matched) = self.phrase() {
            let start = self.token().start;
            let command = self.nest(|parser| parser.command(&matched, true));
            return command
                .map_err(|error| self.longer_phrase(error, start))
                .map(StmtKind::Do1);
        }
        if self.procedures.contains(&upper.trim_end_matches('$').to_lowercase()) {
            let name = self.name("a name")?;
            let args = if self.at_end() {
                Vec::new()
            } else {
                self.call_arguments()?
            };
            let span = name.span.clone();
            return Ok(StmtKind::Do1(Expr::new(ExprKind::Call(name, args), span)));
        }
        if self.token_at(1).kind == Kind::Paren {
            return self.expression_statement();
        }
        Err(self.unknown_statement())
    }

    fn expression_statement(&mut self) -> Parse<StmtKind> {
        let start = self.start();
        let expr = self.expression()?;
        let acts = match &expr.kind {
            ExprKind::Call(..) | ExprKind::Command(_) | ExprKind::Script(..) | ExprKind::Broken => true,
            ExprKind::Path(_, steps) => matches!(steps.last(), Some(Step::Method(..))),
            _ => false,
        };
        if acts {
            return Ok(StmtKind::Do1(expr));
        }
        let error = self.error("B102", self.since(start), "this value is not used");
        Err(Box::new(
            error.help("assign it with `name = …`, or say it with `TALK …`"),
        ))
    }

    /// A keyword of one word whose arguments do not fit may be a longer one that is misspelled.
    fn longer_phrase(&self, mut error: Box<Diagnostic>, start: usize) -> Box<Diagnostic> {
        let line = self
            .text
            .get(start..)
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default();
        if error.code == "B104"
            && let Some(phrase) = self.grammar.nearest(line)
            && phrase.contains(' ')
        {
            error.help = Some(format!("did you mean `{phrase}`?"));
        }
        error
    }

    fn unknown_statement(&mut self) -> Box<Diagnostic> {
        let token = self.token();
        let line = self
            .text
            .get(token.start..)
            .unwrap_or_default()
            .split('\n')
            .next()
            .unwrap_or_default();
        let word = self.text_of(token);
        let error = self.error("B103", token.span(), format!("`{word}` is not a statement"));
        let error = error.label("unknown statement");
        Box::new(match self.grammar.nearest(line) {
            Some(phrase) => error.help(format!("did you mean `{phrase}`?")),
            None => {
                error.help("to say something write `TALK …`, to assign write `name = …`, to call a SUB `CALL name`")
            }
        })
    }

    /// Statements whose first words a phrase of the registry may share.
    fn structure(&mut self, upper: &str) -> Parse<Option<StmtKind>> {
        let one = match upper {
            "ON" => !self.is_word(1, "ERROR"),
            "STEP" => self.at_step(),
            "SET" => self.is_word(1, "SCHEDULE"),
            "SCHEDULE" => self.is_word(1, "IN"),
            "BEGIN" => self.is_word(1, "TRANSACTION") || matches!(self.token_at(1).kind, Kind::Newline),
            "COMMIT" | "ROLLBACK" | "DELAY" => true,
            "WEBHOOK" => self.token_at(1).kind == Kind::Text,
            "WAIT" => self.is_word(1, "FOR") && self.is_word(2, "RESPONSE"),
            _ => false,
        };
        if !one {
            return Ok(None);
        }
        self.next();
        let statement = match upper {
            "ON" => self.on_event()?,
            "STEP" => self.work_step()?,
            "SET" => {
                self.next();
                self.schedule()?
            }
            "SCHEDULE" => {
                self.next();
                self.later()?
            }
            "BEGIN" => {
                self.take_word("TRANSACTION");
                StmtKind::Transaction(Transaction::Begin)
            }
            "COMMIT" => {
                self.take_word("TRANSACTION");
                StmtKind::Transaction(Transaction::Commit)
            }
            "ROLLBACK" => {
                self.take_word("TRANSACTION");
                StmtKind::Transaction(Transaction::Rollback)
            }
            "DELAY" => StmtKind::Delay(self.expression()?),
            "WEBHOOK" => self.webhook()?,
            _ => {
                self.at += 2;
                self.wait_for_response()?
            }
        };
        Ok(Some(statement))
    }

    pub(super) fn leave(&mut self) -> StmtKind {
        let kind = match self.word().map(str::to_ascii_uppercase).as_deref() {
            Some("FOR") => Some(StmtKind::Leave(Some(Loop::For))),
            Some("WHILE") => Some(StmtKind::Leave(Some(Loop::While))),
            Some("DO") => Some(StmtKind::Leave(Some(Loop::Do))),
            Some("LOOP") => Some(StmtKind::Leave(None)),
            Some("SUB" | "FUNCTION") => Some(StmtKind::LeaveProcedure),
            _ => None,
        };
        if kind.is_some() {
            self.next();
        }
        kind.unwrap_or(StmtKind::End)
    }
}
