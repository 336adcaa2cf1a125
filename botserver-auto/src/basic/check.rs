//! What a script says that its author probably does not mean.

use std::{collections::HashSet, ops::Range};

use super::{
    compiler,
    diagnostic::{Diagnostic, Severity},
    grammar::nearest,
    library::{self, Function},
    parser::Parsed,
    tree::{Arg, Expr, ExprKind, Loop, Name, Place, PlaceKey, Step, Stmt, StmtKind, Test},
};

/// Names that surround a run without anybody setting them in a script.
const AMBIENT: [&str; 22] = [
    "user",
    "username",
    "session",
    "from",
    "mobile",
    "today",
    "now",
    "hour",
    "history",
    "admin",
    "host",
    "channel",
    "bot",
    "rnd",
    "pi",
    "timestamp",
    "uuid",
    "guid",
    "now_utc",
    "error",
    "err",
    "error_message",
];

/// What is there besides the script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Names that are set when a script starts, such as those of `param-*` rows of the settings.
    pub names: HashSet<String>,
    /// Names of the package's scripts, lower case, without `.bas`; nothing when that is not known.
    pub scripts: Option<HashSet<String>>,
}

/// All problems of a script: those of reading it, those that keep it from running, and what looks like a mistake.
pub fn check(parsed: &Parsed, known: &Known) -> Vec<Diagnostic> {
    let mut checker = Checker {
        parsed,
        known,
        found: parsed.diagnostics.clone(),
        assigned: HashSet::new(),
        locals: Vec::new(),
        reported: HashSet::new(),
        loops: Vec::new(),
    };
    compiler::assigned(&parsed.body, &mut checker.assigned);
    checker.header();
    checker.body(&parsed.body);
    let mut found = checker.found;
    if let Err(errors) = compiler::compile(parsed) {
        let fresh: Vec<Diagnostic> = errors.into_iter().filter(|error| !found.contains(error)).collect();
        found.extend(fresh);
    }
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.code));
    found
}

/// Why a call has the wrong number of arguments.
pub(crate) fn arity(function: &Function, given: usize) -> String {
    let wanted = match (function.min, function.max) {
        (min, max) if min == max => min.to_string(),
        (min, max) if max >= 64 => format!("{min} or more"),
        (min, max) => format!("{min} to {max}"),
    };
    format!("{} takes {wanted} arguments, not {given}", function.name)
}

struct Checker<'a> {
    parsed: &'a Parsed,
    known: &'a Known,
    found: Vec<Diagnostic>,
    assigned: HashSet<String>,
    locals: Vec<String>,
    reported: HashSet<String>,
    loops: Vec<Loop>,
}

impl Checker<'_> {
    fn warn(&mut self, code: &'static str, span: &Range<usize>, title: String) -> &mut Diagnostic {
        let diagnostic = Diagnostic::new(self.parsed.source(), code, Severity::Warning, span.clone(), title);
        self.found.push(diagnostic);
        let last = self.found.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the element was pushed in the line above")]
        &mut self.found[last]
    }

    fn header(&mut self) {
        let mut params: Vec<&Name> = Vec::new();
        let mut described = false;
        for stmt in &self.parsed.body {
            match &stmt.kind {
                StmtKind::Param(lines) => params.extend(lines.iter().map(|param| &param.name)),
                StmtKind::Description { .. } => described = true,
                _ => {}
            }
        }
        let mut seen = HashSet::new();
        for name in &params {
            if !seen.insert(name.key()) {
                let title = format!("the parameter {} is declared twice", name.text);
                self.warn("B210", &name.span, title).help = Some("the first line counts: remove this one".to_owned());
            }
        }
        if let (Some(first), false) = (params.first(), described) {
            let title = "a script with parameters has no DESCRIPTION".to_owned();
            self.warn("B211", &first.span, title).help =
                Some("add `DESCRIPTION \"…\"`, so that a model knows when to call it".to_owned());
        }
        let mut names = HashSet::new();
        for stmt in &self.parsed.body {
            if let StmtKind::Procedure(procedure) = &stmt.kind
                && !names.insert(procedure.name.key())
            {
                let title = format!("{} is defined twice", procedure.name.text);
                self.warn("B212", &procedure.name.span, title).help = Some("the first one is called".to_owned());
            }
        }
    }

    fn body(&mut self, body: &[Stmt]) {
        for (index, stmt) in body.iter().enumerate() {
            self.stmt(stmt);
            let leaves = matches!(stmt.kind, StmtKind::Return(_) | StmtKind::ReturnWith(_) | StmtKind::End);
            let next = body.get(index + 1..).unwrap_or_default().iter().find(|next| {
                !matches!(
                    next.kind,
                    StmtKind::Procedure(_) | StmtKind::Param(_) | StmtKind::Description { .. }
                )
            });
            // A label is where a jump goes on.
            let next = next.filter(|next| !matches!(next.kind, StmtKind::Label(_)));
            if let (true, Some(next)) = (leaves, next) {
                let title = "this is never reached".to_owned();
                let diagnostic = self.warn("B213", &next.span, title);
                "the statement before it always ends the script or SUB".clone_into(&mut diagnostic.label);
                break;
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign { target, value } => {
                self.place(target);
                self.expr(value);
            }
            StmtKind::Mutate { target, args, .. } => {
                self.place(target);
                self.exprs(args);
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.expr(condition);
                    self.body(body);
                }
                self.body(otherwise.as_deref().unwrap_or_default());
            }
            StmtKind::For {
                from, to, step, body, ..
            } => {
                self.expr(from);
                self.expr(to);
                if let Some(step) = step {
                    self.expr(step);
                }
                self.looped(Loop::For, body);
            }
            StmtKind::ForEach { name, list, last, body } => {
                self.expr(list);
                if let Some(last) = last {
                    self.expr(last);
                }
                self.locals.push(name.key());
                self.looped(Loop::For, body);
                self.locals.pop();
            }
            StmtKind::While { condition, body } => {
                self.expr(condition);
                self.looped(Loop::While, body);
            }
            StmtKind::Do { before, after, body } => {
                before.iter().chain(after).for_each(|until| self.expr(&until.condition));
                self.looped(Loop::Do, body);
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
            StmtKind::Procedure(procedure) => {
                let outer = self.locals.len();
                self.locals.extend(procedure.params.iter().map(Name::key));
                let loops = std::mem::take(&mut self.loops);
                self.body(&procedure.body);
                self.loops = loops;
                self.locals.truncate(outer);
            }
            StmtKind::Return(value) | StmtKind::Talk(value) => value.iter().for_each(|value| self.expr(value)),
            StmtKind::ReturnWith(fields) => fields.iter().for_each(|(_, value)| self.expr(value)),
            StmtKind::With { target, fields, .. } => {
                self.place(target);
                self.body(fields);
            }
            StmtKind::Try { body, handler, .. } => {
                self.body(body);
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
                if let Some(place) = into {
                    self.place(place);
                }
                self.exprs(&hear.options);
                hear.prompt.iter().chain(&hear.default).for_each(|expr| self.expr(expr));
            }
            StmtKind::Leave(kind) if !self.loops.iter().any(|open| kind.is_none_or(|kind| kind == *open)) => {
                self.found.push(compiler::no_loop(self.parsed, stmt, false));
            }
            StmtKind::Continue if self.loops.is_empty() => {
                self.found.push(compiler::no_loop(self.parsed, stmt, true));
            }
            StmtKind::Leave(_)
            | StmtKind::Continue
            | StmtKind::LeaveProcedure
            | StmtKind::End
            | StmtKind::OnError(_)
            | StmtKind::ClearError
            | StmtKind::Param(_)
            | StmtKind::Description { .. }
            | StmtKind::Broken => {}
            _ => {}
        }
    }

    fn looped(&mut self, kind: Loop, body: &[Stmt]) {
        self.loops.push(kind);
        self.body(body);
        self.loops.pop();
    }

    fn place(&mut self, place: &Place) {
        for key in &place.keys {
            if let PlaceKey::Index(index) = key {
                self.expr(index);
            }
        }
    }

    fn exprs(&mut self, exprs: &[Expr]) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, &expr.span),
            ExprKind::Call(name, args) => self.call(name, args.len()),
            ExprKind::Script(script, _) => self.script(script),
            ExprKind::Command(command) => {
                if let Some(service) = command.elsewhere {
                    let phrase = command.phrase;
                    let title = format!("this server has no {service}, so {phrase} fails when it is reached");
                    self.warn("B230", &expr.span, title).help =
                        Some("put it between TRY and CATCH, or take it away".to_owned());
                }
                for (_, arg) in &command.args {
                    // A bare name may be a table, which nobody assigns.
                    if !matches!(arg, Arg::Source(..)) {
                        arg.exprs().into_iter().for_each(|expr| self.expr(expr));
                    }
                }
                return;
            }
            ExprKind::Path(_, steps) => {
                for step in steps {
                    if let Step::Method(name, _) = step
                        && library::method(&name.text).is_none()
                        && !super::path::METHODS
                            .iter()
                            .any(|(method, _)| name.text.eq_ignore_ascii_case(method))
                    {
                        let title = format!("values have no method {}", name.text);
                        "fails when it is reached".clone_into(&mut self.warn("B222", &name.span, title).label);
                    }
                }
            }
            _ => {}
        }
        for child in compiler::children(expr) {
            self.expr(child);
        }
    }

    fn name(&mut self, name: &str, span: &Range<usize>) {
        let key = name.trim_end_matches('$').to_lowercase();
        let known = self.assigned.contains(&key)
            || self.locals.contains(&key)
            || AMBIENT.contains(&key.as_str())
            || self.known.names.iter().any(|other| other.eq_ignore_ascii_case(&key));
        // In a script that could not be read whole, the assignment may be in what was left out.
        if known || self.parsed.has_errors() || !self.reported.insert(key.clone()) {
            return;
        }
        let near = nearest(&key, self.assigned.iter().map(String::as_str)).map(str::to_owned);
        let diagnostic = self.warn("B220", span, format!("{name} is never assigned"));
        "reads as NULL".clone_into(&mut diagnostic.label);
        diagnostic.help = near.map(|near| format!("did you mean `{near}`?"));
    }

    fn call(&mut self, name: &Name, given: usize) {
        if self.parsed.procedures.contains(&name.key()) || name.text.eq_ignore_ascii_case("err_number") {
            return;
        }
        match library::find(&name.text) {
            Some(function) if given < function.min || given > function.max => {
                let title = arity(function, given);
                "fails when it is reached".clone_into(&mut self.warn("B221", &name.span, title).label);
            }
            Some(_) => {}
            None => {
                let procedures = self.parsed.procedures.iter().map(String::as_str);
                let names = library::all().map(|function| function.name);
                let near = nearest(&name.text, procedures.chain(names)).map(str::to_uppercase);
                let diagnostic = self.warn("B221", &name.span, format!("there is no function or SUB {}", name.text));
                "fails when it is reached".clone_into(&mut diagnostic.label);
                diagnostic.help = near.map(|near| format!("did you mean `{near}`?"));
            }
        }
    }

    fn script(&mut self, script: &Expr) {
        let (ExprKind::Text(name), Some(scripts)) = (&script.kind, &self.known.scripts) else {
            return;
        };
        let key = name.trim().to_lowercase();
        let key = key.strip_suffix(".bas").unwrap_or(&key);
        if scripts.contains(key) {
            return;
        }
        let near = nearest(key, scripts.iter().map(String::as_str)).map(str::to_owned);
        let diagnostic = self.warn("B223", &script.span, format!("the package has no script {name}"));
        "fails when it is reached".clone_into(&mut diagnostic.label);
        diagnostic.help = near.map(|near| format!("did you mean `{near}.bas`?"));
    }
}
