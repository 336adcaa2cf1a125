//! Statements: what is never reached, loops that never end, transactions.

use std::collections::HashSet;

use botstate::keyword::Class;

use super::Checker;
use crate::basic::{
    compiler, library,
    tree::{Case, Compare, Expr, ExprKind, Loop, Name, Place, PlaceKey, Step, Stmt, StmtKind, Test, Transaction},
};

/// Statements that run nothing, so they may stand where nothing is reached.
fn declares(stmt: &Stmt) -> bool {
    matches!(
        stmt.kind,
        StmtKind::Procedure(_)
            | StmtKind::Param(_)
            | StmtKind::Description { .. }
            | StmtKind::On { .. }
            | StmtKind::Table(_)
            | StmtKind::Index(_)
            | StmtKind::View(_)
            | StmtKind::Schedule { .. }
            | StmtKind::Webhook { .. }
            | StmtKind::Include { .. }
            | StmtKind::Label(_)
    )
}

/// Whether nothing after the statement is reached.
fn leaves(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::LeaveProcedure | StmtKind::Leave(_) | StmtKind::Continue | StmtKind::Goto(_) | StmtKind::Throw(_) => {
            true
        }
        StmtKind::If {
            arms,
            otherwise: Some(otherwise),
        } => {
            let ends = |body: &[Stmt]| body.iter().any(leaves);
            arms.iter().all(|(_, body)| ends(body)) && ends(otherwise)
        }
        _ => compiler::ends(stmt),
    }
}

impl Checker<'_> {
    pub(super) fn body(&mut self, body: &[Stmt]) {
        self.transactions(body);
        let mut after: Option<&Stmt> = None;
        for pair in body.windows(2) {
            if let [first, second] = pair {
                self.skips_first(first, second);
            }
        }
        for stmt in body {
            // A label, and the head of the next tool of the file, can be reached again.
            if matches!(
                stmt.kind,
                StmtKind::Label(_) | StmtKind::Description { .. } | StmtKind::Param(_)
            ) {
                after = None;
            }
            if after.is_some() && !declares(stmt) {
                let diagnostic = self.warn("B213", &stmt.span, "this is never reached");
                "the statement before it never goes on here".clone_into(&mut diagnostic.label);
                // Once is enough; what is inside is still looked at.
                after = None;
            }
            self.stmt(stmt);
            if leaves(stmt) {
                after = Some(stmt);
            }
        }
    }

    /// Whether an assignment sets a field of the WITH block around it: its name alone is written, not its object's.
    fn is_field(&self, target: &Place) -> bool {
        matches!(target.keys.last(), Some(PlaceKey::Member(_))) && !self.written(&target.span).contains('.')
    }

    fn stmt(&mut self, stmt: &Stmt) {
        compiler::exprs(stmt, &mut |expr| self.expr(expr));
        match &stmt.kind {
            StmtKind::Assign { target, value } => {
                let written = self.written(&value.span);
                // A field of a WITH block may be called like the variable that it takes: `email = email`.
                if written == self.written(&target.span) && !self.is_field(target) {
                    self.warn("B262", &stmt.span, "this gives a variable its own value")
                        .help = Some("give it another value, or take the line away".to_owned());
                }
            }
            StmtKind::If { arms, otherwise } => {
                for (index, (condition, body)) in arms.iter().enumerate() {
                    self.condition(condition);
                    let twice = arms.iter().take(index).any(|(before, _)| self.same(before, condition));
                    if twice && !compiler::is_volatile(condition) {
                        self.warn("B264", &condition.span, "this condition was asked before")
                            .help = Some("the first branch is taken: ask for something else".to_owned());
                    }
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
                self.counting(stmt, from, to, step.as_ref());
                self.beyond(name, to, body);
                self.looped(Loop::For, body);
            }
            StmtKind::ForEach { name, body, .. } => {
                self.copied(name, body);
                self.locals.push(name.key());
                self.looped(Loop::For, body);
                self.locals.pop();
            }
            StmtKind::While { condition, body } => {
                self.endless(stmt, &[condition], body);
                self.looped(Loop::While, body);
            }
            StmtKind::Do { before, after, body } => {
                let conditions: Vec<&Expr> = before.iter().chain(after).map(|until| &until.condition).collect();
                self.endless(stmt, &conditions, body);
                self.looped(Loop::Do, body);
            }
            StmtKind::Select { cases, otherwise, .. } => {
                self.cases(cases);
                for case in cases {
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
            StmtKind::With { target, fields, .. } => {
                for field in fields {
                    if let StmtKind::Assign { target: place, .. } = &field.kind
                        && let Some(PlaceKey::Member(member)) = place.keys.last()
                    {
                        self.fields.push((member.to_lowercase(), target.name.text.clone()));
                    }
                }
                self.body(fields);
            }
            StmtKind::Try { body, handler, .. } => {
                self.body(body);
                self.body(handler);
            }
            StmtKind::On { body, .. } | StmtKind::Later { body, .. } => {
                let loops = std::mem::take(&mut self.loops);
                self.body(body);
                self.loops = loops;
            }
            StmtKind::Do1(expr) => self.unused(expr),
            StmtKind::Leave(kind) if !self.loops.iter().any(|open| kind.is_none_or(|kind| kind == *open)) => {
                self.found.push(compiler::no_loop(self.parsed, stmt, false));
            }
            StmtKind::Continue if self.loops.is_empty() => {
                self.found.push(compiler::no_loop(self.parsed, stmt, true));
            }
            _ => {}
        }
    }

    fn looped(&mut self, kind: Loop, body: &[Stmt]) {
        self.loops.push(kind);
        self.body(body);
        self.loops.pop();
    }

    /// A value that is computed for nothing.
    fn unused(&mut self, expr: &Expr) {
        let what = match &expr.kind {
            ExprKind::Call(name, _) if self.parsed.procedures.contains(&name.key()) => return,
            ExprKind::Call(name, _) if library::is_function(&name.text) => name.text.clone(),
            ExprKind::Command(command) if matches!(command.class, Class::Pure) => command.phrase.to_owned(),
            ExprKind::Path(_, steps) => match steps.last() {
                Some(Step::Method(name, _))
                    if library::method(&name.text).is_some() && !super::names::is_mutation(&name.text) =>
                {
                    name.text.clone()
                }
                _ => return,
            },
            _ => return,
        };
        self.warn("B260", &expr.span, format!("the value of {what} is not used"))
            .help = Some("assign it with `name = …`, or say it with `TALK …`".to_owned());
    }

    fn counting(&mut self, stmt: &Stmt, from: &Expr, to: &Expr, step: Option<&Expr>) {
        let number = |expr: &Expr| match expr.kind {
            ExprKind::Int(number) => Some(number),
            _ => None,
        };
        let by = step.map_or(Some(1), number);
        if by == Some(0) {
            self.warn("B273", &stmt.span, "a loop with STEP 0 never ends").help = Some("write another step".to_owned());
            return;
        }
        if let (Some(from), Some(to), Some(by)) = (number(from), number(to), by)
            && (by > 0 && from > to || by < 0 && from < to)
        {
            let diagnostic = self.warn("B273", &stmt.span, "this loop runs not even once");
            diagnostic.help = Some(
                if by > 0 {
                    "write STEP -1 to count down"
                } else {
                    "write a positive STEP"
                }
                .to_owned(),
            );
        }
    }

    /// UBOUND is a count, so the index of the last element is one less.
    fn beyond(&mut self, name: &Name, to: &Expr, body: &[Stmt]) {
        let ExprKind::Call(function, args) = &to.kind else {
            return;
        };
        let Some(list) = args.first().filter(|_| is_count(&function.text)) else {
            return;
        };
        if self.indexes(list, &name.key(), body) {
            let title = format!(
                "{} is a count: the last index is one less",
                function.text.to_uppercase()
            );
            let list = self.parsed.source().slice(list.span.clone()).to_owned();
            self.warn("B254", &to.span, title).help = Some(format!(
                "write `FOR {} = 0 TO {}({list}) - 1`, or FOR EACH",
                name.text, function.text
            ));
        }
    }

    /// `i = 1` before `DO WHILE i < UBOUND(list)`: elements are counted from 0, so the first one is left out.
    fn skips_first(&mut self, first: &Stmt, second: &Stmt) {
        let StmtKind::Assign { target, value } = &first.kind else {
            return;
        };
        let (condition, body) = match &second.kind {
            StmtKind::While { condition, body } => (condition, body),
            StmtKind::Do {
                before: Some(until),
                body,
                ..
            } if !until.until => (&until.condition, body),
            _ => return,
        };
        let ExprKind::Compare(left, Compare::Less | Compare::LessEqual, right) = &condition.kind else {
            return;
        };
        let counts = matches!(&left.kind, ExprKind::Name(name) if name.eq_ignore_ascii_case(&target.name.text));
        if !counts || !target.keys.is_empty() || !matches!(value.kind, ExprKind::Int(1)) {
            return;
        }
        let ExprKind::Call(function, args) = &right.kind else {
            return;
        };
        let Some(list) = args.first().filter(|_| is_count(&function.text)) else {
            return;
        };
        if self.indexes(list, &target.name.key(), body) {
            let list = self.parsed.source().slice(list.span.clone()).to_owned();
            self.warn(
                "B254",
                &value.span,
                format!("the first element of {list} has the index 0, so it is left out"),
            )
            .help = Some(format!("begin with 0, or write `FOR EACH item IN {list}`"));
        }
    }

    /// `row.v = 9` for the variable of a loop: the element is a copy, so somebody has to read it in the loop.
    fn copied(&mut self, name: &Name, body: &[Stmt]) {
        let key = name.key();
        let mut reads = HashSet::new();
        let mut set = None;
        for stmt in body {
            names_read(stmt, &mut reads);
            compiler::places(stmt, &mut |place| {
                if place.name.key() == key && !place.keys.is_empty() {
                    set.get_or_insert_with(|| place.clone());
                }
            });
        }
        let Some(place) = set.filter(|_| !reads.contains(&key)) else {
            return;
        };
        let diagnostic = self.warn(
            "B285",
            &place.span,
            format!("this changes a copy of the element that {} is", name.text),
        );
        "nothing reads it in the loop".clone_into(&mut diagnostic.label);
        diagnostic.help = Some(format!(
            "write `FOR i = 0 TO UBOUND(list) - 1` and set `list[i]`, or keep {} with UPDATE or SAVE",
            name.text
        ));
    }

    /// Whether an element of the list is taken by that index.
    fn indexes(&self, list: &Expr, index: &str, body: &[Stmt]) -> bool {
        let element = format!("{}[{index}]", self.written(&list.span));
        body.iter()
            .any(|stmt| self.written(&stmt.span).replace(' ', "").contains(&element))
    }

    /// A loop whose condition nothing inside changes, and that nothing leaves.
    fn endless(&mut self, stmt: &Stmt, conditions: &[&Expr], body: &[Stmt]) {
        let mut names = HashSet::new();
        for condition in conditions {
            if compiler::is_volatile(condition) || !stable(condition, &mut names) {
                return;
            }
        }
        let constant = names.is_empty();
        let ends = conditions
            .iter()
            .any(|condition| matches!(condition.kind, ExprKind::Bool(_)));
        if constant && !conditions.is_empty() && !ends {
            return;
        }
        let mut set = HashSet::new();
        compiler::assigned(body, &mut set);
        if names.iter().any(|name| set.contains(name)) || escapes(body, 0, self) {
            return;
        }
        // A conversation may go on until the person leaves.
        if names.is_empty() && body.iter().any(|stmt| reaches_out(stmt).is_some()) {
            return;
        }
        let span = conditions
            .first()
            .map_or(stmt.span.clone(), |condition| condition.span.clone());
        let diagnostic = self.warn("B256", &span, "this loop never ends");
        diagnostic.help = Some(match names.iter().min() {
            Some(name) => format!("change {name} inside the loop, or leave it with EXIT"),
            None => "leave it with EXIT DO, EXIT WHILE or RETURN".to_owned(),
        });
    }

    fn cases(&mut self, cases: &[Case]) {
        let mut seen = HashSet::new();
        for test in cases.iter().flat_map(|case| &case.tests) {
            if let Test::Equal(value) = test
                && matches!(value.kind, ExprKind::Text(_) | ExprKind::Int(_))
                && !seen.insert(self.parsed.source().slice(value.span.clone()).to_owned())
            {
                self.warn("B263", &value.span, "this CASE is there twice").help =
                    Some("the first one is taken: take the other away".to_owned());
            }
        }
    }

    /// Every BEGIN TRANSACTION has its COMMIT, and nothing between them waits or leaves the database.
    fn transactions(&mut self, body: &[Stmt]) {
        let mut open: Option<&Stmt> = None;
        for stmt in body {
            match &stmt.kind {
                StmtKind::Transaction(Transaction::Begin) => {
                    if open.is_some() {
                        self.refuse("B282", &stmt.span, "a transaction is open already").help =
                            Some("write COMMIT TRANSACTION before".to_owned());
                    }
                    open = Some(stmt);
                }
                _ if open.is_some() => {
                    if let Some(outside) = reaches_out(stmt) {
                        let diagnostic = self.refuse(
                            "B281",
                            &outside.0,
                            format!("{} cannot stand in a transaction", outside.1),
                        );
                        diagnostic.help = Some(
                            "a transaction holds other writers up: do it before BEGIN TRANSACTION or after COMMIT"
                                .to_owned(),
                        );
                    }
                    if closes(stmt) {
                        open = None;
                    }
                }
                StmtKind::Transaction(_) if self.loops.is_empty() && self.top(body) => {
                    self.warn("B283", &stmt.span, "no transaction is open here").help =
                        Some("write BEGIN TRANSACTION before".to_owned());
                }
                _ => {}
            }
        }
        if let Some(open) = open {
            self.refuse("B280", &open.span, "this transaction has no COMMIT").help =
                Some("write COMMIT TRANSACTION or ROLLBACK after its last statement, in the same block".to_owned());
        }
    }

    /// Whether the statements are those of the script itself.
    fn top(&self, body: &[Stmt]) -> bool {
        std::ptr::eq(body, self.parsed.body.as_slice())
    }
}

/// Whether a function tells how many elements there are.
fn is_count(function: &str) -> bool {
    ["UBOUND", "COUNT", "LEN", "SIZE", "LENGTH"]
        .iter()
        .any(|other| function.eq_ignore_ascii_case(other))
}

/// Names that the statement and its bodies read, in lower case; setting a member reads nothing.
fn names_read(stmt: &Stmt, found: &mut HashSet<String>) {
    fn within(expr: &Expr, found: &mut HashSet<String>) {
        if let ExprKind::Name(name) = &expr.kind {
            found.insert(name.trim_end_matches('$').to_lowercase());
        }
        for child in compiler::children(expr) {
            within(child, found);
        }
    }
    compiler::exprs(stmt, &mut |expr| within(expr, found));
    compiler::bodies(stmt)
        .into_iter()
        .flatten()
        .for_each(|stmt| names_read(stmt, found));
}

fn closes(stmt: &Stmt) -> bool {
    matches!(
        stmt.kind,
        StmtKind::Transaction(Transaction::Commit | Transaction::Rollback)
    ) || compiler::bodies(stmt).into_iter().flatten().any(closes)
}

/// The first part of the statement that waits or talks to the outside, and what it is called.
fn reaches_out(stmt: &Stmt) -> Option<(std::ops::Range<usize>, String)> {
    if let StmtKind::Hear { .. } = stmt.kind {
        return Some((stmt.span.clone(), "HEAR".to_owned()));
    }
    if matches!(
        stmt.kind,
        StmtKind::Step(_) | StmtKind::Delay(_) | StmtKind::Mail { .. }
    ) {
        let phrase = compiler::keyword(&stmt.kind).unwrap_or("a step");
        return Some((stmt.span.clone(), phrase.to_owned()));
    }
    let mut found = None;
    compiler::exprs(stmt, &mut |expr| {
        if found.is_none() {
            found = out(expr);
        }
    });
    found.or_else(|| compiler::bodies(stmt).into_iter().flatten().find_map(reaches_out))
}

fn out(expr: &Expr) -> Option<(std::ops::Range<usize>, String)> {
    let what = match &expr.kind {
        ExprKind::Command(command) if matches!(command.class, Class::External | Class::Wait) => Some(command.phrase),
        ExprKind::Hear(_) => Some("HEAR"),
        ExprKind::Script(path, _) if matches!(&path.kind, ExprKind::Text(path) if path.starts_with('/')) => {
            Some("CALL of the server's own API")
        }
        ExprKind::Script(..) => Some("CALL of another script"),
        _ => None,
    };
    match what {
        Some(what) => Some((expr.span.clone(), what.to_owned())),
        None => compiler::children(expr).into_iter().find_map(out),
    }
}

/// Whether only names, constants and functions without chance are in the condition; collects the names.
fn stable(expr: &Expr, names: &mut HashSet<String>) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => {
            names.insert(name.trim_end_matches('$').to_lowercase());
        }
        ExprKind::Command(_) | ExprKind::Hear(_) | ExprKind::Script(..) | ExprKind::Error | ExprKind::Broken => {
            return false;
        }
        ExprKind::Call(name, _) if !library::is_function(&name.text) => return false,
        _ => {}
    }
    compiler::children(expr).into_iter().all(|child| stable(child, names))
}

/// Whether something in the loop leaves it, or may change what it asks for behind its back.
fn escapes(body: &[Stmt], inner: u32, checker: &Checker<'_>) -> bool {
    body.iter().any(|stmt| {
        let mut calls = false;
        compiler::exprs(stmt, &mut |expr| calls |= calls_procedure(expr, checker));
        let here = match &stmt.kind {
            StmtKind::Leave(None) => inner == 0,
            StmtKind::Leave(Some(_))
            | StmtKind::Return(_)
            | StmtKind::ReturnWith(_)
            | StmtKind::End
            | StmtKind::LeaveProcedure
            | StmtKind::Goto(_)
            | StmtKind::Gosub(_)
            | StmtKind::Throw(_)
            | StmtKind::Broken => true,
            _ => false,
        };
        let deeper = inner
            + u32::from(matches!(
                stmt.kind,
                StmtKind::For { .. } | StmtKind::ForEach { .. } | StmtKind::While { .. } | StmtKind::Do { .. }
            ));
        here || calls
            || compiler::bodies(stmt)
                .into_iter()
                .any(|body| escapes(body, deeper, checker))
    })
}

/// Whether a SUB of the script is called, which may set any variable; methods may change what they are called on.
fn calls_procedure(expr: &Expr, checker: &Checker<'_>) -> bool {
    let here = match &expr.kind {
        ExprKind::Call(name, _) => checker.parsed.procedures.contains(&name.key()),
        ExprKind::Path(_, steps) => steps
            .iter()
            .any(|step| matches!(step, Step::Method(name, _) if super::names::is_mutation(&name.text))),
        _ => false,
    };
    here || compiler::children(expr)
        .into_iter()
        .any(|child| calls_procedure(child, checker))
}
