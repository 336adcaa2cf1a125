//! Walks the tree of a script and notes every name.

use std::{collections::HashSet, ops::Range};

use super::{Named, Occurrence, Outline, ParamOutline, ProcedureOutline, Role};
use crate::basic::{
    compiler, library,
    parser::Parsed,
    source::Source,
    tree::{
        Arg, Command, Event, Expr, ExprKind, Hear, Name, Place, PlaceKey, Procedure, Step, Stmt, StmtKind, Test, Work,
        WorkStep,
    },
};

/// Arguments of keywords that name tables or data files.
const TABLES: [&str; 6] = ["table", "source", "rows", "left", "right", "from"];

pub(super) fn outline(parsed: &Parsed) -> Outline {
    let mut walk = Walk {
        source: parsed.source(),
        procedures: &parsed.procedures,
        outline: Outline::default(),
        locals: Vec::new(),
        scopes: 0,
        assigned: HashSet::new(),
    };
    compiler::assigned(&parsed.body, &mut walk.assigned);
    walk.body(&parsed.body);
    let mut outline = walk.outline;
    let mut seen = HashSet::new();
    outline
        .occurrences
        .retain(|one| seen.insert((one.named, one.span.start, one.span.end)));
    outline.occurrences.sort_by_key(|one| (one.span.start, one.span.end));
    outline
}

struct Walk<'a> {
    source: &'a Source,
    procedures: &'a HashSet<String>,
    outline: Outline,
    /// Variables of SUBs and loops with their scopes, innermost last.
    locals: Vec<(String, usize)>,
    scopes: usize,
    assigned: HashSet<String>,
}

impl Walk<'_> {
    fn note(&mut self, named: Named, key: String, span: Range<usize>, role: Role, scope: Option<usize>) {
        self.outline.occurrences.push(Occurrence {
            named,
            key,
            span,
            role,
            scope,
            short: false,
        });
    }

    fn scope_of(&self, key: &str) -> Option<usize> {
        let found = self.locals.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, scope)| *scope)
    }

    fn variable(&mut self, name: &Name, role: Role) {
        let key = name.key();
        let scope = self.scope_of(&key);
        for span in self.spans(&name.text, &name.span) {
            self.note(Named::Variable, key.clone(), span, role, scope);
        }
    }

    /// Where a word stands exactly. Code inside a text with escapes has the place of the whole.
    fn spans(&self, word: &str, span: &Range<usize>) -> Vec<Range<usize>> {
        let text = self.source.slice(span.clone());
        if text.eq_ignore_ascii_case(word) {
            return vec![span.clone()];
        }
        let (lower, wanted) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut found = Vec::new();
        for (at, _) in lower.match_indices(&wanted) {
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + wanted.len()..).unwrap_or_default();
            let quoted = before.matches('"').count() % 2 == 1;
            let joined = before.ends_with(|c: char| is_word(c) || c == '.') || after.starts_with(is_word);
            if !quoted && !joined {
                let start = span.start + at;
                found.push(start..start + wanted.len());
            }
        }
        found
    }

    /// Variables that live as long as `body`.
    fn within(&mut self, names: &[&Name], role: Role, body: &[Stmt]) {
        let outer = self.locals.len();
        self.scopes += 1;
        let scope = self.scopes;
        self.locals.extend(names.iter().map(|name| (name.key(), scope)));
        for name in names {
            self.variable(name, role);
        }
        self.body(body);
        self.locals.truncate(outer);
    }

    fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign { target, value } => {
                self.expr(value);
                self.place(target);
            }
            StmtKind::Mutate { target, args, .. } => {
                self.exprs(args);
                self.place(target);
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.expr(condition);
                    self.body(body);
                }
                self.body(otherwise.as_deref().unwrap_or_default());
            }
            StmtKind::For {
                name,
                from,
                to,
                step,
                body,
            } => {
                self.variable(name, Role::Loop);
                self.expr(from);
                self.expr(to);
                if let Some(step) = step {
                    self.expr(step);
                }
                self.body(body);
                self.next_name(stmt, name);
            }
            StmtKind::ForEach { name, list, last, body } => {
                self.expr(list);
                if let Some(last) = last {
                    self.expr(last);
                }
                self.within(&[name], Role::Loop, body);
                // The scope that has just ended is the loop's.
                if let Some(span) = self.next_span(stmt, name) {
                    let scope = self
                        .outline
                        .occurrences
                        .iter()
                        .find(|one| one.span == name.span)
                        .and_then(|one| one.scope);
                    self.note(Named::Variable, name.key(), span, Role::Read, scope);
                }
            }
            StmtKind::While { condition, body } => {
                self.expr(condition);
                self.body(body);
            }
            StmtKind::Do { before, after, body } => {
                before.iter().chain(after).for_each(|until| self.expr(&until.condition));
                self.body(body);
            }
            StmtKind::Select {
                subject,
                cases,
                otherwise,
            } => {
                self.expr(subject);
                for case in cases {
                    for test in &case.tests {
                        match test {
                            Test::Equal(value) | Test::Is(_, value) => self.expr(value),
                            Test::Range(low, high) => {
                                self.expr(low);
                                self.expr(high);
                            }
                        }
                    }
                    self.body(&case.body);
                }
                self.body(otherwise.as_deref().unwrap_or_default());
            }
            StmtKind::Procedure(procedure) => self.procedure(procedure, &stmt.span),
            StmtKind::Return(value) | StmtKind::Talk(value) => value.iter().for_each(|value| self.expr(value)),
            StmtKind::ReturnWith(fields) => fields.iter().for_each(|(_, value)| self.expr(value)),
            StmtKind::With { target, fields, .. } => {
                self.place(target);
                self.body(fields);
            }
            StmtKind::Try { body, error, handler } => {
                self.body(body);
                if let Some(error) = error {
                    self.variable(error, Role::Loop);
                }
                self.body(handler);
            }
            StmtKind::Throw(value) | StmtKind::Prompt(value) | StmtKind::Print(value) | StmtKind::Do1(value) => {
                self.expr(value);
            }
            StmtKind::Assert { condition, message } => {
                self.expr(condition);
                if let Some(message) = message {
                    self.expr(message);
                }
            }
            StmtKind::Hear { into, hear } => {
                self.hear(hear);
                if let Some(place) = into {
                    self.place(place);
                }
            }
            StmtKind::Param(params) => {
                for param in params {
                    param
                        .example
                        .iter()
                        .chain(&param.default)
                        .for_each(|expr| self.expr(expr));
                    self.variable(&param.name, Role::Param);
                    self.outline.params.push(ParamOutline {
                        name: param.name.text.clone(),
                        kind: param.kind.clone(),
                        description: param.description.clone(),
                        span: param.name.span.clone(),
                    });
                }
            }
            StmtKind::Description { text } => self.outline.description = Some(text.clone()),
            StmtKind::On { events, body } => {
                for event in events {
                    self.event(event, stmt);
                }
                self.body(body);
            }
            StmtKind::Later { amount, body, .. } => {
                self.expr(amount);
                self.body(body);
            }
            StmtKind::Table(table) => self.within_text(Named::Table, &table.name, &stmt.span, Role::Write),
            StmtKind::Webhook { endpoint } => self.within_text(Named::Event, endpoint, &stmt.span, Role::Write),
            StmtKind::Include { file, .. } => self.within_text(Named::Script, file, &stmt.span, Role::Read),
            StmtKind::Label(name) => self.note(Named::Label, name.key(), name.span.clone(), Role::Write, None),
            StmtKind::Goto(name) | StmtKind::Gosub(name) | StmtKind::OnErrorGoto(name) => {
                self.note(Named::Label, name.key(), name.span.clone(), Role::Read, None);
            }
            StmtKind::Dim(variables) => {
                for variable in variables {
                    self.exprs(&variable.sizes);
                    self.variable(&variable.name, Role::Write);
                }
            }
            StmtKind::Mail { to, subject, body } => [to, subject, body].into_iter().for_each(|expr| self.expr(expr)),
            StmtKind::Step(step) => self.step(step),
            StmtKind::Delay(seconds) => self.expr(seconds),
            StmtKind::Leave(_)
            | StmtKind::Continue
            | StmtKind::LeaveProcedure
            | StmtKind::End
            | StmtKind::OnError(_)
            | StmtKind::ClearError
            | StmtKind::Schedule { .. }
            | StmtKind::Index(_)
            | StmtKind::View(_)
            | StmtKind::Transaction(_)
            | StmtKind::Broken => {}
        }
    }

    fn step(&mut self, step: &WorkStep) {
        self.expr(&step.number);
        match &step.work {
            Work::Bot { bot, task } => {
                self.expr(bot);
                self.expr(task);
            }
            Work::Approval { from } => self.expr(from),
            Work::Parallel(branches) => {
                for branch in branches {
                    self.expr(&branch.bot);
                    self.expr(&branch.task);
                }
            }
        }
        step.timeout.iter().for_each(|timeout| self.expr(timeout));
    }

    fn event(&mut self, event: &Event, stmt: &Stmt) {
        match event {
            Event::Change(_, table) => self.within_text(Named::Table, table, &stmt.span, Role::Read),
            Event::Form(name) | Event::Named(name) | Event::Webhook(name) => {
                self.within_text(Named::Event, name, &stmt.span, Role::Write);
            }
            Event::Unserved(_) => {}
        }
    }

    /// A name that the tree keeps without its place: the first time that it stands in the statement.
    fn within_text(&mut self, named: Named, name: &str, span: &Range<usize>, role: Role) {
        let head = self.source.slice(span.clone()).lines().next().unwrap_or_default();
        if let Some(at) = head.find(name).filter(|_| !name.is_empty()) {
            let start = span.start + at;
            self.note(named, key_of(named, name), start..start + name.len(), role, None);
        }
    }

    /// The name after NEXT at the end of a loop, which the tree does not keep.
    fn next_span(&self, stmt: &Stmt, name: &Name) -> Option<Range<usize>> {
        let text = self.source.slice(stmt.span.clone());
        let last = text.trim_end().rsplit('\n').next()?;
        let mut words = last.split_whitespace();
        let is_next = words.next().is_some_and(|word| word.eq_ignore_ascii_case("NEXT"));
        let word = words
            .next()
            .filter(|word| is_next && word.eq_ignore_ascii_case(&name.text))?;
        let start = stmt.span.start + text.rfind(word)?;
        Some(start..start + word.len())
    }

    fn next_name(&mut self, stmt: &Stmt, name: &Name) {
        if let Some(span) = self.next_span(stmt, name) {
            let text = name.text.clone();
            self.variable(&Name { text, span }, Role::Read);
        }
    }

    fn procedure(&mut self, procedure: &Procedure, span: &Range<usize>) {
        let name = &procedure.name;
        self.note(Named::Procedure, name.key(), name.span.clone(), Role::Write, None);
        self.outline.procedures.push(ProcedureOutline {
            name: name.text.clone(),
            params: procedure.params.iter().map(|param| param.text.clone()).collect(),
            span: span.clone(),
            name_span: name.span.clone(),
        });
        let params: Vec<&Name> = procedure.params.iter().collect();
        self.within(&params, Role::Argument, &procedure.body);
    }

    fn place(&mut self, place: &Place) {
        self.variable(&place.name, Role::Write);
        for key in &place.keys {
            if let PlaceKey::Index(index) = key {
                self.expr(index);
            }
        }
    }

    fn hear(&mut self, hear: &Hear) {
        let values = hear.prompt.iter().chain(&hear.default).chain(&hear.timeout);
        values.for_each(|expr| self.expr(expr));
        self.exprs(&hear.options);
    }

    fn exprs(&mut self, exprs: &[Expr]) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(text) => self.bare(text, &expr.span),
            ExprKind::Call(name, _) => self.call(name),
            ExprKind::Script(script, _) => self.text(Named::Script, script),
            ExprKind::Command(command) => self.command(command, &expr.span),
            ExprKind::Object(fields) => {
                for (key, value) in fields {
                    if key.span == value.span
                        && let ExprKind::Name(_) = value.kind
                    {
                        let from = self.outline.occurrences.len();
                        self.expr(value);
                        for one in self.outline.occurrences.iter_mut().skip(from) {
                            one.short = true;
                        }
                    }
                }
            }
            ExprKind::Path(_, steps) => {
                for step in steps {
                    if let Step::Method(name, _) = step
                        && let Some(function) = library::method(&name.text)
                    {
                        let key = function.name.to_owned();
                        self.note(Named::Function, key, name.span.clone(), Role::Read, None);
                    }
                }
            }
            _ => {}
        }
        for child in compiler::children(expr) {
            self.expr(child);
        }
    }

    /// A name without parentheses: a variable, or a function such as NOW.
    fn bare(&mut self, text: &str, span: &Range<usize>) {
        let name = Name {
            text: text.to_owned(),
            span: span.clone(),
        };
        let key = name.key();
        let variable = self.assigned.contains(&key) || self.scope_of(&key).is_some();
        match library::find(text) {
            Some(function) if !variable => {
                let key = function.name.to_owned();
                self.note(Named::Function, key, span.clone(), Role::Read, None);
            }
            _ => self.variable(&name, Role::Read),
        }
    }

    fn call(&mut self, name: &Name) {
        let key = name.key();
        for span in self.spans(&name.text, &name.span) {
            if self.procedures.contains(&key) {
                self.note(Named::Procedure, key.clone(), span, Role::Read, None);
            } else if let Some(function) = library::find(&name.text) {
                let key = function.name.to_owned();
                self.note(Named::Function, key, span, Role::Read, None);
            }
        }
    }

    fn command(&mut self, command: &Command, span: &Range<usize>) {
        if let Some(span) = self.phrase(command.phrase, span) {
            let key = command.phrase.to_owned();
            self.note(Named::Keyword, key, span, Role::Read, None);
        }
        let of_tools = command
            .phrase
            .split(' ')
            .any(|word| word == "TOOL" || word == "SCHEDULE");
        for (name, arg) in &command.args {
            let Arg::One(value) = arg else { continue };
            if of_tools && matches!(name.as_str(), "name" | "tool" | "script" | "file") {
                self.text(Named::Script, value);
            } else if TABLES.contains(&name.as_str()) {
                self.text(Named::Table, value);
            }
        }
    }

    /// The words of a phrase at the start of a command.
    fn phrase(&self, phrase: &str, span: &Range<usize>) -> Option<Range<usize>> {
        let rest = self.source.slice(span.start..self.source.text().len());
        let mut at = 0;
        for (index, word) in phrase.split(' ').enumerate() {
            let skipped = rest.get(at..)?.trim_start_matches([' ', '\t', '_']).len();
            if index > 0 {
                at = rest.len() - skipped;
            }
            let found = rest.get(at..at + word.len())?;
            if !found.eq_ignore_ascii_case(word) {
                return None;
            }
            at += word.len();
        }
        Some(span.start..span.start + at)
    }

    /// A name inside a text in quotes.
    fn text(&mut self, named: Named, expr: &Expr) {
        let (ExprKind::Text(text), written) = (&expr.kind, self.source.slice(expr.span.clone())) else {
            return;
        };
        let mut span = expr.span.clone();
        if written.len() == text.len() + 2 && written.starts_with(['"', '\'']) {
            span = span.start + 1..span.end - 1;
        }
        self.note(named, key_of(named, text), span, Role::Read, None);
    }
}

/// The name as it is compared: scripts without folders and `.bas`.
fn key_of(named: Named, text: &str) -> String {
    let key = text.trim().to_lowercase();
    if named != Named::Script {
        return key;
    }
    let file = key.rsplit(['/', '\\']).next().unwrap_or_default();
    file.strip_suffix(".bas").unwrap_or(file).to_owned()
}
