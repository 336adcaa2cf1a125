//! Statements without waits, as Rhai.

use super::{
    Compiler,
    code::{Op, Text},
    expression::comparison,
    filter::Bit,
    names::Variable,
};
use crate::basic::tree::{Case, Compare, Expr, Place, PlaceKey, Stmt, StmtKind, Test, Until};

impl Compiler<'_> {
    /// Writes a statement that has no effects.
    pub(super) fn pure(&mut self, stmt: &Stmt, text: &mut Text) {
        let line = self.line(&stmt.span);
        self.builder.line = line;
        match &stmt.kind {
            StmtKind::Assign { target, value } => {
                let source = self.pure_assign(target, value);
                text.line(line, &source);
            }
            StmtKind::Mutate { method, target, args } => {
                let root = self.variable(&target.name.text);
                let keys = self.keys(&target.keys);
                let args: Vec<Op> = args.iter().map(|arg| self.op(arg)).collect();
                let source = format!("m_{method}({}, [{keys}], [{}]);", root.code, self.texts(&args));
                text.line(line, &source);
            }
            StmtKind::Do1(expr) => {
                let op = self.op(expr);
                let source = format!("{};", self.text(&op));
                text.line(line, &source);
            }
            StmtKind::ClearError => {
                let error = self.error_variable();
                text.line(line, &format!("{} = ();", error.code));
            }
            StmtKind::Leave(_) => text.line(line, "break;"),
            StmtKind::Continue => text.line(line, "continue;"),
            StmtKind::If { arms, otherwise } => self.pure_if(arms, otherwise.as_deref(), text),
            StmtKind::Select {
                subject,
                cases,
                otherwise,
            } => {
                self.pure_select(subject, cases, otherwise.as_deref(), text);
            }
            StmtKind::With { target, fresh, fields } => {
                if *fresh {
                    let value = Expr::new(crate::basic::tree::ExprKind::Object(Vec::new()), target.span.clone());
                    let source = self.pure_assign(target, &value);
                    text.line(line, &source);
                }
                self.pure_body(fields, text);
            }
            StmtKind::For {
                name,
                from,
                to,
                step,
                body,
            } => {
                text.loops = true;
                let counter = self.variable(&name.text);
                let (end, by) = (self.fresh("a"), self.fresh("a"));
                let from = self.number(from);
                let to = self.number(to);
                let step = step.as_ref().map_or_else(|| "1".to_owned(), |step| self.number(step));
                text.line(
                    line,
                    &format!("{{ let {by} = {step}; {} = o_sub({from}, {by});", counter.code),
                );
                text.line(line, &format!("let {end} = {to};"));
                text.line(line, &format!("while o_next({}, {end}, {by}) {{", counter.code));
                self.pure_body(body, text);
                text.line(line, "} }");
            }
            StmtKind::ForEach { name, list, last, body } => {
                text.loops = true;
                let list = self.each(list, last.as_ref());
                let prefix = self.fresh("x");
                let item = super::names::mangle(&format!("{prefix}_"), &name.key());
                text.line(line, &format!("for {item} in {list} {{"));
                self.builder.name(&name.key(), &item);
                self.pure_body(body, text);
                self.builder.forget();
                text.line(line, "}");
            }
            StmtKind::While { condition, body } => {
                text.loops = true;
                let condition = self.condition(condition);
                text.line(line, &format!("while {condition} {{"));
                self.pure_body(body, text);
                text.line(line, "}");
            }
            StmtKind::Do { before, after, body } => self.pure_do(before.as_ref(), after.as_ref(), body, line, text),
            _ => {}
        }
    }

    pub(super) fn pure_body(&mut self, body: &[Stmt], text: &mut Text) {
        for stmt in body {
            self.pure(stmt, text);
        }
    }

    fn number(&mut self, expr: &Expr) -> String {
        let op = self.op(expr);
        let text = self.text(&op);
        if matches!(op, Op::Const(botlib::Value::Int(_) | botlib::Value::Decimal(_))) {
            text
        } else {
            format!("o_number({text})")
        }
    }

    pub(super) fn each(&mut self, list: &Expr, keep: Option<&Expr>) -> String {
        let items = self.op(list);
        let items = self.text(&items);
        match keep {
            None => format!("o_each({items})"),
            Some(keep) => {
                let keep = self.op(keep);
                format!("o_each({items}, {})", self.text(&keep))
            }
        }
    }

    pub(super) fn keys(&mut self, keys: &[PlaceKey]) -> String {
        let mut texts = Vec::with_capacity(keys.len());
        for key in keys {
            texts.push(match key {
                PlaceKey::Member(name) => super::code::quote(name),
                PlaceKey::Index(index) => {
                    let op = self.op(index);
                    self.text(&op)
                }
            });
        }
        texts.join(", ")
    }

    fn pure_assign(&mut self, target: &Place, value: &Expr) -> String {
        if target.keys.is_empty()
            && let Some((pieces, bits)) = self.follow(&target.name.text, value)
        {
            let values: Vec<Op> = bits.iter().filter_map(Bit::value).map(|expr| self.op(expr)).collect();
            let list = self.parts(&bits, values);
            let list = self.text(&list);
            let variable = self.variable(&target.name.text);
            return format!("{0} = {list}; {1} = o_joined({0});", pieces.code, variable.code);
        }
        let keys = self.keys(&target.keys);
        let value = self.op(value);
        let value = self.text(&value);
        let variable = self.variable(&target.name.text);
        set(&variable, &keys, &value)
    }

    fn pure_if(&mut self, arms: &[(Expr, Vec<Stmt>)], otherwise: Option<&[Stmt]>, text: &mut Text) {
        for (index, (condition, body)) in arms.iter().enumerate() {
            let line = self.line(&condition.span);
            self.builder.line = line;
            let condition = self.condition(condition);
            let word = if index == 0 { "if" } else { "} else if" };
            text.line(line, &format!("{word} {condition} {{"));
            self.pure_body(body, text);
        }
        if let Some(body) = otherwise {
            text.line(self.builder.line, "} else {");
            self.pure_body(body, text);
        }
        text.line(self.builder.line, "}");
    }

    fn pure_select(&mut self, subject: &Expr, cases: &[Case], otherwise: Option<&[Stmt]>, text: &mut Text) {
        let line = self.line(&subject.span);
        let name = self.fresh("s");
        let op = self.op(subject);
        let value = self.text(&op);
        text.line(line, &format!("{{ let {name} = {value};"));
        let mut word = "if";
        for case in cases {
            let line = case.tests.first().map_or(line, |test| self.line(&test_span(test)));
            self.builder.line = line;
            let condition = self.tests(&name, &case.tests);
            text.line(line, &format!("{word} {condition} {{"));
            self.pure_body(&case.body, text);
            word = "} else if";
        }
        if let Some(body) = otherwise {
            text.line(line, if cases.is_empty() { "{" } else { "} else {" });
            self.pure_body(body, text);
        }
        let open = !cases.is_empty() || otherwise.is_some();
        text.line(line, if open { "} }" } else { "}" });
    }

    /// The condition of a CASE for the value called `name`.
    pub(super) fn tests(&mut self, name: &str, tests: &[Test]) -> String {
        let mut terms = Vec::with_capacity(tests.len());
        for test in tests {
            terms.push(match test {
                Test::Equal(value) => {
                    let value = self.op(value);
                    comparison(Compare::Equal, name, &self.text(&value))
                }
                Test::Is(operator, value) => {
                    let value = self.op(value);
                    comparison(*operator, name, &self.text(&value))
                }
                Test::Range(low, high) => {
                    let (low, high) = (self.op(low), self.op(high));
                    format!("o_between({name}, {}, {})", self.text(&low), self.text(&high))
                }
            });
        }
        if terms.is_empty() {
            "false".to_owned()
        } else {
            terms.join(" || ")
        }
    }

    fn pure_do(&mut self, before: Option<&Until>, after: Option<&Until>, body: &[Stmt], line: u32, text: &mut Text) {
        text.loops = true;
        let opening = match before {
            None => "loop {".to_owned(),
            Some(until) => {
                let condition = self.condition(&until.condition);
                if until.until {
                    format!("while !({condition}) {{")
                } else {
                    format!("while {condition} {{")
                }
            }
        };
        match after {
            None => {
                text.line(line, &opening);
                self.pure_body(body, text);
                text.line(line, "}");
            }
            Some(after) => {
                // CONTINUE goes to the condition at the end, as it does in Rhai's own `do`.
                text.line(line, "do {");
                self.pure_body(body, text);
                let condition = self.condition(&after.condition);
                let word = if after.until { "until" } else { "while" };
                text.line(line, &format!("}} {word} {condition};"));
            }
        }
    }
}

/// The Rhai statement that sets a variable or a part of it.
pub(super) fn set(variable: &Variable, keys: &str, value: &str) -> String {
    if keys.is_empty() {
        return format!("{} = {value};", variable.code);
    }
    format!("o_set({}, [{keys}], {value});", variable.code)
}

pub(super) fn test_span(test: &Test) -> crate::basic::tree::Span {
    match test {
        Test::Equal(value) | Test::Is(_, value) | Test::Range(value, _) => value.span.clone(),
    }
}
