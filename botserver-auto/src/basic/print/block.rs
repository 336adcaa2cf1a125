//! Statements with blocks: one way to begin and one way to end each.

use super::Printer;
use super::expression::{At, Tail, compare, rank};
use super::layout::{Doc, INDENT};
use crate::basic::tree::{Case, Expr, Procedure, Stmt, StmtKind, Test, Until};

impl Printer<'_> {
    /// A statement with a block inside; false for statements of one line.
    pub(super) fn block(&mut self, stmt: &Stmt, indent: usize) -> bool {
        let end = stmt.span.end;
        let closing = match &stmt.kind {
            StmtKind::If { arms, otherwise } => {
                self.arms(arms, otherwise.as_deref(), stmt, indent);
                "END IF"
            }
            StmtKind::For {
                name,
                from,
                to,
                step,
                body,
            } => {
                let mut docs = vec![Doc::Text(format!("FOR {} = ", name.text))];
                docs.push(self.expr(from, rank::WHOLE, At::LINE.before(Tail::Clause)));
                docs.push(Doc::text(" TO "));
                let tail = if step.is_some() { Tail::Clause } else { Tail::Open };
                docs.push(self.expr(to, rank::WHOLE, At::LINE.before(tail)));
                if let Some(step) = step {
                    docs.push(Doc::text(" STEP "));
                    docs.push(self.expr(step, rank::WHOLE, At::LINE));
                }
                let last = step.as_ref().unwrap_or(to).span.end;
                self.header(docs, last, indent);
                self.body(body, end, indent);
                "NEXT"
            }
            StmtKind::ForEach { name, list, last, body } => {
                let mut docs = vec![Doc::Text(format!("FOR EACH {} IN ", name.text))];
                let tail = if last.is_some() { Tail::Clause } else { Tail::Open };
                docs.push(self.expr(list, rank::WHOLE, At::LINE.before(tail)));
                if let Some(last) = last {
                    docs.push(Doc::text(" LAST "));
                    docs.push(self.expr(last, rank::WHOLE, At::LINE));
                }
                self.header(docs, last.as_ref().unwrap_or(list).span.end, indent);
                self.body(body, end, indent);
                "NEXT"
            }
            StmtKind::While { condition, body } => {
                let header = self.word_and("WHILE", condition);
                self.header(vec![header], condition.span.end, indent);
                self.body(body, end, indent);
                "END WHILE"
            }
            StmtKind::Do { before, after, body } => {
                self.do_loop(before.as_ref(), after.as_ref(), body, stmt, indent);
                return true;
            }
            StmtKind::Select {
                subject,
                cases,
                otherwise,
            } => {
                let header = self.word_and("SELECT CASE", subject);
                self.header(vec![header], subject.span.end, indent);
                self.cases(cases, otherwise.as_deref(), subject.span.end, stmt, indent);
                "END SELECT"
            }
            StmtKind::Procedure(procedure) => {
                let closing = self.procedure(procedure, stmt, indent);
                self.close(closing, end, indent);
                return true;
            }
            StmtKind::With { target, fresh, fields } => {
                let header = Doc::Cat(vec![Doc::text("WITH "), self.place(target)]);
                self.header(vec![header], target.span.end, indent);
                self.fields(fields, target.keys.len(), *fresh, indent + INDENT);
                self.own_comments(end, indent + INDENT);
                "END WITH"
            }
            StmtKind::Try { body, error, handler } => {
                self.header(vec![Doc::text("TRY")], stmt.span.start + "TRY".len(), indent);
                let from = ends(body, stmt.span.start + "TRY".len());
                let to = begins(handler, end);
                self.statements(body, indent + INDENT);
                if let Some(word) = self.find_word(&["CATCH"], from, to) {
                    self.comments_before_word(word.start, indent, indent + INDENT);
                    self.catch(error.as_ref().map(|name| name.text.as_str()), indent);
                    self.end_line(error.as_ref().map_or(word.end, |name| name.span.end));
                } else if error.is_some() || !handler.is_empty() {
                    self.catch(error.as_ref().map(|name| name.text.as_str()), indent);
                    self.out.push('\n');
                }
                self.fresh = true;
                self.body(handler, end, indent);
                "END TRY"
            }
            StmtKind::On { events, body } => {
                let mut from = stmt.span.start;
                for event in events {
                    let header = Doc::Text(self.event(event, stmt));
                    let line = self.line_end(from);
                    self.header(vec![header], line, indent);
                    from = self.next_token(line);
                }
                self.body(body, end, indent);
                "END ON"
            }
            StmtKind::Later { amount, unit, body } => {
                let docs = vec![
                    Doc::text("SCHEDULE IN "),
                    self.expr(amount, rank::SUM, At::ITEM),
                    Doc::Text(format!(" {} DO", unit.word())),
                ];
                let line = self.header_end(stmt);
                self.header(docs, line, indent);
                self.body(body, end, indent);
                "END SCHEDULE"
            }
            _ => return false,
        };
        self.close(closing, end, indent);
        true
    }

    /// The first line of a block, which ends at `end` in the source.
    pub(super) fn header(&mut self, docs: Vec<Doc>, end: usize, indent: usize) {
        self.write(&Doc::Cat(docs), indent);
        self.end_line(end);
        self.fresh = true;
    }

    /// The statements of a block up to its last line.
    pub(super) fn body(&mut self, body: &[Stmt], end: usize, indent: usize) {
        self.statements(body, indent + INDENT);
        self.own_comments(end, indent + INDENT);
    }

    /// The last line of a block.
    pub(super) fn close(&mut self, words: &str, end: usize, indent: usize) {
        self.write(&Doc::text(words), indent);
        self.end_line(end);
        self.fresh = false;
    }

    fn arms(&mut self, arms: &[(Expr, Vec<Stmt>)], otherwise: Option<&[Stmt]>, stmt: &Stmt, indent: usize) {
        let mut reached = stmt.span.start;
        for (index, (condition, body)) in arms.iter().enumerate() {
            if index > 0
                && let Some(word) = self.find_word(&["ELSE", "ELSEIF"], reached, condition.span.start)
            {
                self.comments_before_word(word.start, indent, indent + INDENT);
            }
            let docs = vec![
                Doc::text(if index > 0 { "ELSEIF " } else { "IF " }),
                self.expr(condition, rank::WHOLE, At::LINE),
                Doc::text(" THEN"),
            ];
            self.header(docs, condition.span.end, indent);
            self.statements(body, indent + INDENT);
            reached = ends(body, condition.span.end);
        }
        if let Some(body) = otherwise {
            let to = begins(body, stmt.span.end);
            let word = self.find_word(&["ELSE"], reached, to).unwrap_or(reached..reached);
            self.comments_before_word(word.start, indent, indent + INDENT);
            self.header(vec![Doc::text("ELSE")], word.end, indent);
            self.statements(body, indent + INDENT);
        }
        self.own_comments(stmt.span.end, indent + INDENT);
    }

    fn do_loop(&mut self, before: Option<&Until>, after: Option<&Until>, body: &[Stmt], stmt: &Stmt, indent: usize) {
        let mut docs = vec![Doc::text("DO")];
        docs.extend(before.map(|until| self.until(until)));
        let header = before.map_or(stmt.span.start + "DO".len(), |until| until.condition.span.end);
        self.header(docs, header, indent);
        let from = ends(body, header);
        let to = after.map_or(stmt.span.end, |until| until.condition.span.start);
        let word = self.find_word(&["LOOP", "END"], from, to).map_or(to, |word| word.start);
        self.body(body, word, indent);
        let mut docs = vec![Doc::text("LOOP")];
        docs.extend(after.map(|until| self.until(until)));
        self.write(&Doc::Cat(docs), indent);
        self.end_line(stmt.span.end);
        self.fresh = false;
    }

    fn until(&mut self, until: &Until) -> Doc {
        let word = if until.until { " UNTIL" } else { " WHILE" };
        self.word_and(word, &until.condition)
    }

    fn cases(&mut self, cases: &[Case], otherwise: Option<&[Stmt]>, from: usize, stmt: &Stmt, indent: usize) {
        let (outer, inner) = (indent + INDENT, indent + 2 * INDENT);
        let mut reached = from;
        for case in cases {
            let tests = case.tests.first().map_or(reached, |test| test_span(test).0);
            if let Some(word) = self.find_word(&["CASE"], reached, tests) {
                self.comments_before_word(word.start, outer, inner);
            }
            let mut docs = vec![Doc::text("CASE ")];
            for (index, test) in case.tests.iter().enumerate() {
                if index > 0 {
                    docs.push(Doc::text(","));
                    self.gap(&mut docs, Some(Doc::Line), test_span(test).0);
                }
                docs.push(self.test_of(test));
            }
            let end = case.tests.last().map_or(reached, |test| test_span(test).1);
            self.write(&Doc::Fill(docs), outer);
            self.end_line(end);
            self.fresh = true;
            self.statements(&case.body, inner);
            reached = ends(&case.body, end);
        }
        if let Some(body) = otherwise {
            let to = begins(body, stmt.span.end);
            let word = self
                .find_word(&["CASE", "DEFAULT"], reached, to)
                .unwrap_or(reached..reached);
            let end = self
                .find_word(&["ELSE"], word.end, to)
                .map_or(word.end, |word| word.end);
            self.comments_before_word(word.start, outer, inner);
            self.header(vec![Doc::text("CASE ELSE")], end, outer);
            self.statements(body, inner);
        }
        self.own_comments(stmt.span.end, inner);
    }

    fn test_of(&mut self, test: &Test) -> Doc {
        match test {
            Test::Equal(value) => self.expr(value, 1, At::ITEM),
            Test::Range(low, high) => Doc::Cat(vec![
                self.expr(low, 1, At::ITEM.before(Tail::Clause)),
                Doc::text(" TO "),
                self.expr(high, 1, At::ITEM),
            ]),
            Test::Is(operator, value) => Doc::Cat(vec![
                Doc::Text(format!("IS {} ", compare(*operator))),
                self.expr(value, 1, At::ITEM),
            ]),
        }
    }

    /// A procedure that gives a value is a FUNCTION, one that does not is a SUB.
    fn procedure(&mut self, procedure: &Procedure, stmt: &Stmt, indent: usize) -> &'static str {
        let gives = gives_value(&procedure.body);
        let mut header = format!("{} {}", if gives { "FUNCTION" } else { "SUB" }, procedure.name.text);
        if !procedure.params.is_empty() {
            let names: Vec<&str> = procedure.params.iter().map(|name| name.text.as_str()).collect();
            header = format!("{header}({})", names.join(", "));
        }
        let last = procedure.params.last().unwrap_or(&procedure.name).span.end;
        self.header(vec![Doc::Text(header)], last, indent);
        let outer = std::mem::replace(&mut self.in_function, gives);
        self.body(&procedure.body, stmt.span.end, indent);
        self.in_function = outer;
        if gives { "END FUNCTION" } else { "END SUB" }
    }

    fn fields(&mut self, fields: &[Stmt], skip: usize, fresh: bool, indent: usize) {
        for field in fields {
            self.own_comments(field.span.start, indent);
            self.keep_blank(field.span.start);
            if let StmtKind::Assign { target, value } = &field.kind {
                let mut name = Vec::new();
                self.keys(target.keys.get(skip..).unwrap_or_default(), &mut name);
                let mut text = String::new();
                super::layout::write(&mut text, &Doc::Cat(name), 0);
                let text = if fresh {
                    text.trim_start_matches('.').to_owned()
                } else {
                    text
                };
                let value = self.expr(value, rank::WHOLE, At::LINE);
                self.write(&Doc::Cat(vec![Doc::Text(text), Doc::text(" = "), value]), indent);
            }
            self.end_line(field.span.end);
        }
    }

    fn catch(&mut self, error: Option<&str>, indent: usize) {
        let words = error.map_or_else(|| "CATCH".to_owned(), |name| format!("CATCH {name}"));
        self.write(&Doc::Text(words), indent);
    }
}

/// Where the last statement of `body` ends, or `otherwise`.
fn ends(body: &[Stmt], otherwise: usize) -> usize {
    body.last().map_or(otherwise, |stmt| stmt.span.end)
}

/// Where the first statement of `body` begins, or `otherwise`.
fn begins(body: &[Stmt], otherwise: usize) -> usize {
    body.first().map_or(otherwise, |stmt| stmt.span.start)
}

/// The bytes from the beginning to the end of a test, without the words around its values.
fn test_span(test: &Test) -> (usize, usize) {
    match test {
        Test::Equal(value) | Test::Is(_, value) => (value.span.start, value.span.end),
        Test::Range(low, high) => (low.span.start, high.span.end),
    }
}

/// Whether a RETURN with a value stands in `body`.
fn gives_value(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(Some(_)) | StmtKind::ReturnWith(_) => true,
        _ => super::compare::children(stmt).into_iter().any(gives_value),
    })
}
