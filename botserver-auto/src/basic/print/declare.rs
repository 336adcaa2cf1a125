//! What scripts declare: events, lists, steps of a workflow.

use super::Printer;
use super::expression::{At, rank};
use super::layout::Doc;
use crate::basic::{
    lexer::Kind,
    tree::{Command, Dim, Event, Expr, Stmt, Work, WorkStep},
};

impl Printer<'_> {
    /// The first line of an ON block.
    pub(super) fn event(&self, event: &Event, stmt: &Stmt) -> String {
        match event {
            Event::Change(operation, table) => {
                format!(
                    "ON {} OF {}",
                    operation.name().to_uppercase(),
                    self.quoted_in(table, &stmt.span)
                )
            }
            Event::Form(name) => format!("ON FORM SUBMIT {}", self.quoted_in(name, &stmt.span)),
            Event::Named(name) => format!("ON EVENT {} DO", self.quoted_in(name, &stmt.span)),
            Event::Webhook(path) => format!("ON WEBHOOK POST TO {} DO", self.quoted_in(path, &stmt.span)),
            Event::Unserved(words) => format!("ON {words}"),
        }
    }

    /// Where the last token of a block's first line ends.
    pub(super) fn header_end(&self, stmt: &Stmt) -> usize {
        self.line_end(stmt.span.start)
    }

    /// Where the last token of the line ends that begins at `from`.
    pub(super) fn line_end(&self, from: usize) -> usize {
        let first = self.tokens.partition_point(|token| token.start < from);
        let tokens = self.tokens.get(first..).unwrap_or_default();
        let line = tokens.iter().take_while(|token| token.kind != Kind::Newline);
        line.last().map_or(from, |token| token.end)
    }

    /// Where the first token of the lines after `from` begins.
    pub(super) fn next_token(&self, from: usize) -> usize {
        let first = self.tokens.partition_point(|token| token.start < from);
        let mut tokens = self.tokens.get(first..).unwrap_or_default().iter();
        tokens
            .find(|token| token.kind != Kind::Newline)
            .map_or(from, |token| token.start)
    }

    /// DIM and REDIM PRESERVE.
    pub(super) fn dims(&mut self, dims: &[Dim]) -> Doc {
        let keep = dims.iter().any(|dim| dim.keep);
        let mut docs = vec![Doc::text(if keep { "REDIM PRESERVE " } else { "DIM " })];
        for (index, dim) in dims.iter().enumerate() {
            if index > 0 {
                docs.push(Doc::text(", "));
            }
            docs.push(Doc::text(dim.name.text.clone()));
            if !dim.sizes.is_empty() {
                let end = dim.sizes.last().map_or(0, |size| size.span.end);
                docs.push(self.arguments(&dim.sizes, end));
            }
            if let Some(kind) = &dim.kind {
                docs.push(Doc::Text(format!(" AS {kind}")));
            }
        }
        Doc::Cat(docs)
    }

    /// A step of a workflow with the clauses on the lines after it.
    pub(super) fn step(&mut self, step: &WorkStep) -> Doc {
        let mut docs = vec![Doc::text("STEP "), self.whole(&step.number), Doc::text(": ")];
        match &step.work {
            Work::Bot { bot, task } => self.bot(bot, task, &mut docs),
            Work::Approval { from } => {
                docs.push(Doc::text("HUMAN APPROVAL FROM "));
                docs.push(self.whole(from));
            }
            Work::Parallel(branches) => {
                docs.push(Doc::text("PARALLEL"));
                for branch in branches {
                    docs.push(Doc::Text(format!("\n  BRANCH {}: ", branch.name)));
                    self.bot(&branch.bot, &branch.task, &mut docs);
                }
                docs.push(Doc::text("\nEND PARALLEL"));
            }
        }
        if let Some(timeout) = &step.timeout {
            docs.push(Doc::text("\n  TIMEOUT "));
            docs.push(self.whole(timeout));
        }
        if let Some(action) = &step.on_timeout {
            docs.push(Doc::Text(format!("\n  ON TIMEOUT: {action}")));
        }
        Doc::Cat(docs)
    }

    /// SET SCHEDULE at a computed time or for another file, which the language reads by itself.
    pub(super) fn schedule(&mut self, command: &Command) -> Doc {
        let mut docs = vec![Doc::text(command.phrase)];
        for (name, arg) in &command.args {
            for value in arg.exprs() {
                match name.as_str() {
                    "when" | "at" => docs.push(Doc::text(" ")),
                    _ => docs.push(Doc::text(", ")),
                }
                docs.push(self.whole(value));
            }
        }
        Doc::Cat(docs)
    }

    fn bot(&mut self, bot: &Expr, task: &Expr, docs: &mut Vec<Doc>) {
        docs.push(Doc::text("BOT "));
        docs.push(self.expr(bot, rank::POSTFIX, At::ITEM));
        docs.push(Doc::text(" "));
        docs.push(self.expr(task, rank::SUM, At::ITEM));
    }
}
