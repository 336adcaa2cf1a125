//! Workflows, transactions and mail blocks.

use super::{Kind, Parse, Parser, Token};
use crate::basic::tree::{Branch, Expr, ExprKind, StmtKind, Work, WorkStep};

impl Parser<'_> {
    /// Whether `STEP n:` begins here; STEP may be a variable.
    pub(super) fn at_step(&self) -> bool {
        matches!(self.token_at(1).kind, Kind::Number | Kind::Word | Kind::Text) && self.token_at(2).kind == Kind::Colon
    }

    /// After the word STEP.
    pub(super) fn work_step(&mut self) -> Parse<StmtKind> {
        let number = self.without_commas(Self::sum)?;
        self.expect(Kind::Colon, "`:`")?;
        let work = if self.take_word("BOT") {
            let (bot, task) = self.bot_task()?;
            Work::Bot { bot, task }
        } else if self.take_words(&["HUMAN", "APPROVAL"]) {
            if !self.take_word("FROM") {
                return Err(self.expected("FROM"));
            }
            Work::Approval {
                from: self.without_commas(Self::sum)?,
            }
        } else if self.take_word("PARALLEL") {
            self.parallel()?
        } else {
            let token = self.token();
            let text = self.text_of(token).to_owned();
            let error = self.error("B109", token.span(), format!("`{text}` is not what a STEP can do"));
            return Err(Box::new(error.help(
                "write `STEP n: BOT \"bot\" \"task\"`, `STEP n: HUMAN APPROVAL FROM \"address\"` or `STEP n: PARALLEL`",
            )));
        };
        let mut step = WorkStep {
            number,
            work,
            timeout: None,
            on_timeout: None,
        };
        loop {
            let at = self.at;
            self.skip_newlines();
            if self.is_word(0, "TIMEOUT") && !self.is_assignment(0) {
                self.next();
                step.timeout = Some(self.without_commas(Self::sum)?);
            } else if self.take_words(&["ON", "TIMEOUT"]) {
                self.take(Kind::Colon);
                let start = self.start();
                while !self.at_end() {
                    self.next();
                }
                let span = self.since(start);
                let action = self.text.get(span).unwrap_or_default().trim().to_owned();
                if action.is_empty() {
                    return Err(self.expected("what happens then"));
                }
                step.on_timeout = Some(action);
            } else {
                self.at = at;
                return Ok(StmtKind::Step(Box::new(step)));
            }
        }
    }

    /// `"bot" "task"`, with or without a comma.
    fn bot_task(&mut self) -> Parse<(Expr, Expr)> {
        let bot = self.without_commas(Self::postfix)?;
        self.take(Kind::Comma);
        if self.at_end() {
            return Err(self.expected("the bot's task"));
        }
        Ok((bot, self.without_commas(Self::sum)?))
    }

    fn parallel(&mut self) -> Parse<Work> {
        let opener = self.opener();
        let mut branches = Vec::new();
        loop {
            self.skip_newlines();
            if self.take_words(&["END", "PARALLEL"]) {
                if branches.is_empty() {
                    let error = self.error("B109", opener, "this PARALLEL has no BRANCH");
                    return Err(Box::new(
                        error.help("write `BRANCH A: BOT \"bot\" \"task\"` before END PARALLEL"),
                    ));
                }
                return Ok(Work::Parallel(branches));
            }
            if !self.take_word("BRANCH") {
                let error = self.error("B121", opener, "this PARALLEL has no end");
                return Err(Box::new(
                    error
                        .label("begins here")
                        .help("write `END PARALLEL` after its last BRANCH"),
                ));
            }
            let token = self.next();
            let name = match token.kind {
                Kind::Word | Kind::Number => self.text_of(token).to_owned(),
                Kind::Text => self.text_of(token).trim_matches(['"', '\'']).to_owned(),
                _ => {
                    self.at = self.at.saturating_sub(1);
                    return Err(self.expected("the branch's name"));
                }
            };
            self.expect(Kind::Colon, "`:`")?;
            if !self.take_word("BOT") {
                return Err(self.expected("BOT"));
            }
            let (bot, task) = self.bot_task()?;
            branches.push(Branch { name, bot, task });
            if !self.at_end() {
                return Err(self.leftover_of_header());
            }
        }
    }

    /// A `BEGIN MAIL to … END MAIL` block.
    pub(super) fn mail(&mut self, token: Token) -> Parse<StmtKind> {
        let block = self.text_of(token);
        let first = block.find('\n').unwrap_or(block.len());
        let header = block.get(..first).unwrap_or_default();
        let skipped = address_at(header);
        let written = header.get(skipped..).unwrap_or_default();
        let to_text = written.trim();
        let at = token.start + skipped + (written.len() - written.trim_start().len());
        if to_text.is_empty() {
            let error = self.error(
                "B100",
                token.start..token.start + header.len(),
                "the receiver is missing",
            );
            return Err(Box::new(
                error.help("write `BEGIN MAIL \"ana@example.com\"` or `BEGIN MAIL customer.email`"),
            ));
        }
        let bare = to_text.contains('@') && !to_text.contains(['"', '\'', ' ', '(']);
        let to = if bare {
            Expr::new(ExprKind::Text(to_text.to_owned()), self.place(at..at + to_text.len()))
        } else {
            self.piece_of_block(at..at + to_text.len())?
        };
        let rest = block.get((first + 1).min(block.len())..).unwrap_or_default();
        let rest_at = token.start + (first + 1).min(block.len());
        let (subject, body) = self.mail_text(rest, rest_at);
        Ok(StmtKind::Mail { to, subject, body })
    }

    /// The subject line, and everything after the blank line that follows it.
    fn mail_text(&mut self, text: &str, base: usize) -> (Expr, Expr) {
        let mut at = 0;
        let mut subject = None;
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim();
            let is_subject = trimmed
                .get(..8)
                .is_some_and(|head| head.eq_ignore_ascii_case("subject:"));
            if subject.is_none() && is_subject {
                let value = trimmed.get(8..).unwrap_or_default().trim();
                let place = base + at + line.find(value).unwrap_or(0);
                subject = Some(self.text_with_holes(value, place));
            } else if !trimmed.is_empty() {
                break;
            }
            at += line.len();
        }
        let body = self.block_text(Token {
            kind: Kind::TalkBlock,
            start: base + at,
            end: base + text.len(),
            spaced: true,
        });
        let subject = subject.unwrap_or_else(|| {
            let warning = self.warning("B233", base..base, "this mail has no subject");
            self.warn(warning.help("begin the text with a line `Subject: …`"));
            Expr::new(ExprKind::Text(String::new()), self.place(base..base))
        });
        (subject, body)
    }
}

/// Where the address begins: after `BEGIN MAIL`.
fn address_at(header: &str) -> usize {
    let upper = header.to_ascii_uppercase();
    let mail = upper.find("MAIL").map_or(0, |at| at + 4);
    mail.min(header.len())
}
