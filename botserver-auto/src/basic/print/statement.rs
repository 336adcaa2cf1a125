//! Statements of one line.

use botlib::wire::InputKind;

use super::Printer;
use super::expression::{At, Tail, rank};
use super::layout::Doc;
use crate::basic::{
    lexer::Kind,
    library,
    tree::{Expr, ExprKind, Hear, Loop, Param, Place, PlaceKey, Stmt, StmtKind},
};

impl Printer<'_> {
    /// The statements of a block, with the comments between them.
    pub(super) fn statements(&mut self, body: &[Stmt], indent: usize) {
        for stmt in body {
            let start = self.beginning(stmt);
            self.own_comments(start, indent);
            self.keep_blank(start);
            self.statement(stmt, indent);
        }
    }

    /// Where a statement begins: a text block begins before its content.
    fn beginning(&self, stmt: &Stmt) -> usize {
        if !self.is_text_block(stmt) {
            return stmt.span.start;
        }
        let before = self.source.get(..stmt.span.start.saturating_sub(1)).unwrap_or_default();
        let opener = before.rfind('\n').map_or(0, |newline| newline + 1);
        opener
            + before
                .get(opener..)
                .map_or(0, |line| line.len() - line.trim_start().len())
    }

    fn is_text_block(&self, stmt: &Stmt) -> bool {
        let first = self.tokens.partition_point(|token| token.start < stmt.span.start);
        let found = self.tokens.get(first..).unwrap_or_default();
        matches!(stmt.kind, StmtKind::Talk(Some(_)) | StmtKind::Prompt(_))
            && found
                .iter()
                .take_while(|token| token.start == stmt.span.start)
                .any(|token| matches!(token.kind, Kind::TalkBlock | Kind::PromptBlock) && token.span() == stmt.span)
    }

    fn statement(&mut self, stmt: &Stmt, indent: usize) {
        if self.is_text_block(stmt) {
            return self.text_block(stmt, indent);
        }
        if !self.source.is_empty() && self.foreign(stmt, indent) {
            return;
        }
        if self.kept.contains(&stmt.span.start) {
            return self.verbatim(stmt, indent);
        }
        if self.block(stmt, indent) {
            return;
        }
        let (comment, length) = (self.next_comment, self.out.len());
        if let Some(doc) = self.simple(stmt) {
            self.write(&doc, indent);
        }
        if self.has_comment_before(stmt.span.end) {
            // A comment where no line may break: its author found the only place for it.
            self.next_comment = comment;
            self.out.truncate(length);
            return self.verbatim(stmt, indent);
        }
        self.end_line(stmt.span.end);
    }

    /// The statement as it was written.
    fn verbatim(&mut self, stmt: &Stmt, indent: usize) {
        let text = self.slice(&stmt.span).to_owned();
        self.indent(indent);
        self.out.push_str(&text);
        self.skip_comments(stmt.span.end);
        self.end_line(stmt.span.end);
        self.fresh = false;
    }

    /// A mail or a declaration in the language of databases: its lines keep their order and what they are aligned to.
    fn foreign(&mut self, stmt: &Stmt, indent: usize) -> bool {
        let (first, last) = match stmt.kind {
            StmtKind::Table(_) => ("TABLE", Some("END TABLE")),
            StmtKind::Index(_) | StmtKind::View(_) => ("CREATE", None),
            StmtKind::Mail { .. } => ("BEGIN MAIL", Some("END MAIL")),
            _ => return false,
        };
        let text = self.slice(&stmt.span).to_owned();
        let (header, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let words = first.split(' ').count();
        let header: Vec<&str> = header.split_whitespace().skip(words).collect();
        self.indent(indent);
        for word in std::iter::once(first).chain(header) {
            self.out.push_str(word);
            self.out.push(' ');
        }
        self.out.pop();
        self.out.push('\n');
        if matches!(stmt.kind, StmtKind::Mail { .. }) {
            self.out.push_str(rest);
            if !rest.is_empty() && !rest.ends_with('\n') {
                self.out.push('\n');
            }
        } else {
            self.aligned(rest, indent + super::layout::INDENT);
        }
        self.skip_comments(stmt.span.end);
        let mut end = stmt.span.end;
        if let Some(last) = last {
            self.indent(indent);
            self.out.push_str(last);
            let rest = self.source.get(end..).unwrap_or_default();
            end += rest.find('\n').unwrap_or(rest.len());
        } else {
            // The line that ends it was written with the others.
            self.out.pop();
        }
        self.end_line(end);
        true
    }

    /// Lines with another indentation, those that are deeper still deeper.
    fn aligned(&mut self, text: &str, indent: usize) {
        let blanks = |line: &str| line.len() - line.trim_start().len();
        let filled = text.lines().filter(|line| !line.trim().is_empty());
        let common = filled.map(blanks).min().unwrap_or(0);
        for line in text.lines().map(str::trim_end) {
            if let Some(line) = line.get(common..).filter(|line| !line.is_empty()) {
                self.indent(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    /// A text block, whose content is nobody's but its author's.
    fn text_block(&mut self, stmt: &Stmt, indent: usize) {
        let words = if matches!(stmt.kind, StmtKind::Prompt(_)) {
            "SYSTEM PROMPT"
        } else {
            "TALK"
        };
        let content = self.slice(&stmt.span).to_owned();
        self.indent(indent);
        for text in ["BEGIN ", words, "\n", content.as_str()] {
            self.out.push_str(text);
        }
        if !content.is_empty() && !content.ends_with('\n') {
            self.out.push('\n');
        }
        self.indent(indent);
        self.out.push_str("END ");
        self.out.push_str(words);
        let rest = self.source.get(stmt.span.end..).unwrap_or_default();
        let end = stmt.span.end + rest.find('\n').unwrap_or(rest.len());
        self.end_line(end);
    }

    /// A statement of one line; nothing for blocks.
    fn simple(&mut self, stmt: &Stmt) -> Option<Doc> {
        Some(match &stmt.kind {
            StmtKind::Assign { target, value } => {
                let target = self.place(target);
                let value = match &value.kind {
                    ExprKind::Hear(hear) if is_bare(hear) => Doc::text("HEAR"),
                    _ => self.expr(value, rank::WHOLE, At::LINE),
                };
                Doc::Cat(vec![target, Doc::text(" = "), value])
            }
            StmtKind::Leave(None) => Doc::text("BREAK"),
            StmtKind::Leave(Some(Loop::For)) => Doc::text("EXIT FOR"),
            StmtKind::Leave(Some(Loop::While)) => Doc::text("EXIT WHILE"),
            StmtKind::Leave(Some(Loop::Do)) => Doc::text("EXIT DO"),
            StmtKind::Continue => Doc::text("CONTINUE"),
            StmtKind::Return(None) => Doc::text("RETURN"),
            StmtKind::Return(Some(value)) => self.word_and("RETURN", value),
            StmtKind::ReturnWith(fields) => {
                let mut docs = vec![Doc::text("RETURN WITH ")];
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        docs.push(Doc::text(","));
                        self.gap(&mut docs, Some(Doc::Line), name.span.start);
                    }
                    docs.push(Doc::Text(format!("{} AS ", name.text)));
                    docs.push(self.whole(value));
                }
                Doc::Group { docs, hug: false }
            }
            StmtKind::LeaveProcedure => Doc::text(if self.in_function { "EXIT FUNCTION" } else { "EXIT SUB" }),
            StmtKind::End => Doc::text("EXIT"),
            StmtKind::OnError(true) => Doc::text("ON ERROR RESUME NEXT"),
            StmtKind::OnError(false) => Doc::text("ON ERROR GOTO 0"),
            StmtKind::ClearError => Doc::text("CLEAR ERROR"),
            StmtKind::Throw(value) => self.word_and("THROW", value),
            StmtKind::Assert { condition, message } => {
                let mut docs = vec![Doc::text("ASSERT "), self.whole(condition)];
                if let Some(message) = message {
                    docs.push(Doc::text(", "));
                    docs.push(self.expr(message, rank::WHOLE, At::LINE));
                }
                Doc::Cat(docs)
            }
            StmtKind::Talk(None) => Doc::text("TALK"),
            StmtKind::Talk(Some(value)) => self.word_and("TALK", value),
            StmtKind::Prompt(value) => self.prompt(value),
            StmtKind::Print(value) => self.word_and("PRINT", value),
            StmtKind::Hear { into, hear } => {
                let mut docs = vec![Doc::text("HEAR")];
                if let Some(into) = into {
                    docs.push(Doc::text(" "));
                    docs.push(self.place(into));
                }
                self.hear(hear, into.is_some(), rank::WHOLE, &mut docs);
                Doc::Cat(docs)
            }
            StmtKind::Param(params) => {
                let mut docs = vec![Doc::text("PARAM ")];
                for (index, param) in params.iter().enumerate() {
                    if index > 0 {
                        docs.push(Doc::text(", "));
                    }
                    docs.push(self.param(param, stmt));
                }
                Doc::Cat(docs)
            }
            StmtKind::Description { text } => Doc::Text(format!("DESCRIPTION {}", self.quoted_in(text, &stmt.span))),
            StmtKind::Do1(expr) => self.act(expr),
            StmtKind::Mutate { method, target, args } => {
                let word = if *method == "push" { "APPEND " } else { "PREPEND " };
                let mut docs = vec![Doc::text(word), self.place(target)];
                for arg in args {
                    docs.push(Doc::text(","));
                    self.gap(&mut docs, Some(Doc::Line), arg.span.start);
                    docs.push(self.whole(arg));
                }
                Doc::Group { docs, hug: true }
            }
            StmtKind::Schedule { when } => Doc::Text(format!("SET SCHEDULE {}", self.quoted_in(when, &stmt.span))),
            StmtKind::Webhook { endpoint } => Doc::Text(format!("WEBHOOK {}", self.quoted_in(endpoint, &stmt.span))),
            StmtKind::Table(_) | StmtKind::Index(_) | StmtKind::View(_) | StmtKind::Mail { .. } | StmtKind::Broken => {
                Doc::Text(self.slice(&stmt.span).to_owned())
            }
            StmtKind::Label(name) => Doc::Text(format!("{}:", name.text)),
            StmtKind::Goto(name) => Doc::Text(format!("GOTO {}", name.text)),
            StmtKind::Gosub(name) => Doc::Text(format!("GOSUB {}", name.text)),
            StmtKind::OnErrorGoto(name) => Doc::Text(format!("ON ERROR GOTO {}", name.text)),
            StmtKind::Dim(dims) => self.dims(dims),
            StmtKind::Include { file, span } => Doc::Text(format!("INCLUDE {}", self.quoted_in(file, span))),
            StmtKind::Step(step) => self.step(step),
            StmtKind::Delay(seconds) => self.word_and("DELAY", seconds),
            StmtKind::Transaction(transaction) => Doc::text(transaction.phrase()),
            StmtKind::On { .. }
            | StmtKind::Later { .. }
            | StmtKind::If { .. }
            | StmtKind::For { .. }
            | StmtKind::ForEach { .. }
            | StmtKind::While { .. }
            | StmtKind::Do { .. }
            | StmtKind::Select { .. }
            | StmtKind::Procedure(_)
            | StmtKind::With { .. }
            | StmtKind::Try { .. } => return None,
        })
    }

    pub(super) fn word_and(&mut self, word: &str, value: &Expr) -> Doc {
        let value = self.expr(value, rank::WHOLE, At::LINE);
        Doc::Cat(vec![Doc::Text(format!("{word} ")), value])
    }

    /// A call as a statement.
    fn act(&mut self, expr: &Expr) -> Doc {
        match &expr.kind {
            ExprKind::Command(command) if command.phrase == "SET SCHEDULE" => self.schedule(command),
            ExprKind::Command(command) => self.command(command, true, At::LINE),
            ExprKind::Call(name, args) if !library::is_function(&name.text) => {
                let mut docs = vec![Doc::Text(format!("CALL {}", name.text))];
                if !args.is_empty() {
                    docs.push(self.arguments(args, expr.span.end));
                }
                Doc::Cat(docs)
            }
            _ => self.expr(expr, rank::WHOLE, At::LINE),
        }
    }

    /// A variable, or a part of one.
    pub(super) fn place(&mut self, place: &Place) -> Doc {
        let mut docs = vec![Doc::text(place.name.text.clone())];
        self.keys(&place.keys, &mut docs);
        Doc::Cat(docs)
    }

    pub(super) fn keys(&mut self, keys: &[PlaceKey], docs: &mut Vec<Doc>) {
        for key in keys {
            match key {
                PlaceKey::Member(name) => docs.push(Doc::Text(format!(".{name}"))),
                PlaceKey::Index(index) => {
                    docs.push(Doc::text("["));
                    docs.push(self.whole(index));
                    docs.push(Doc::text("]"));
                }
            }
        }
    }

    /// What follows HEAR and its variable.
    pub(super) fn hear(&mut self, hear: &Hear, named: bool, least: u8, docs: &mut Vec<Doc>) {
        let plain = hear.kind == InputKind::Text;
        // A HEAR inside would take the clauses that follow it.
        let tail = |more: bool| At::ITEM.before(if more { Tail::Clause } else { Tail::Open });
        let more = hear.default.is_some() || hear.timeout.is_some();
        let prompt = hear
            .prompt
            .as_deref()
            .map(|prompt| self.expr(prompt, least, tail(more)));
        let short = plain
            && !named
            && prompt
                .as_ref()
                .is_some_and(|prompt| prompt.first().is_some_and(|first| first.starts_with('"')));
        if hear.kind == InputKind::Menu {
            docs.push(Doc::text(" AS MENU"));
            for (index, option) in hear.options.iter().enumerate() {
                docs.push(Doc::text(if index > 0 { ", " } else { " " }));
                docs.push(self.whole(option));
            }
            if hear.open {
                docs.push(Doc::text(if hear.options.is_empty() { " *" } else { ", *" }));
            }
        } else if !short && (!plain || prompt.is_some() || hear.default.is_some()) {
            docs.push(Doc::Text(format!(" AS {}", hear.kind.name().to_uppercase())));
        }
        if let Some(prompt) = prompt {
            docs.push(Doc::text(if short { " " } else { " WITH " }));
            docs.push(prompt);
        }
        if let Some(default) = &hear.default {
            docs.push(Doc::text(" DEFAULT "));
            docs.push(self.expr(default, least, tail(hear.timeout.is_some())));
        }
        if let Some(timeout) = &hear.timeout {
            docs.push(Doc::text(" TIMEOUT "));
            docs.push(self.expr(timeout, least, At::ITEM));
        }
    }

    fn param(&mut self, param: &Param, stmt: &Stmt) -> Doc {
        let mut docs = vec![Doc::Text(format!("{} AS {}", param.name.text, param.kind))];
        if let Some(example) = &param.example {
            docs.push(Doc::text(" LIKE "));
            docs.push(self.expr(example, rank::SUM, At::ITEM.before(Tail::Clause)));
        }
        if !param.choices.is_empty() {
            docs.push(Doc::text(" ENUM ["));
            for (index, choice) in param.choices.iter().enumerate() {
                docs.push(Doc::text(if index > 0 { ", " } else { "" }));
                docs.push(self.whole(choice));
            }
            docs.push(Doc::text("]"));
        }
        if let Some(description) = &param.description {
            docs.push(Doc::Text(format!(
                " DESCRIPTION {}",
                self.quoted_in(description, &stmt.span)
            )));
        }
        if param.optional {
            docs.push(Doc::text(" OPTIONAL"));
        }
        if let Some(default) = &param.default {
            docs.push(Doc::text(" DEFAULT "));
            docs.push(self.expr(default, rank::SUM, At::ITEM));
        }
        Doc::Cat(docs)
    }

    /// A prompt of a tree that was not read from a text.
    fn prompt(&mut self, value: &Expr) -> Doc {
        let text = match &value.kind {
            ExprKind::Text(text) => text.clone(),
            _ => self.slice(&value.span).to_owned(),
        };
        Doc::Text(format!("BEGIN SYSTEM PROMPT\n{text}\nEND SYSTEM PROMPT"))
    }
}

/// Whether HEAR asks for any text and says nothing.
pub(super) fn is_bare(hear: &Hear) -> bool {
    hear.kind == InputKind::Text && hear.prompt.is_none() && hear.default.is_none() && hear.timeout.is_none()
}
