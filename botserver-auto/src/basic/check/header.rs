//! The head of a script and what it declares.

use std::collections::HashSet;

use super::Checker;
use crate::basic::{
    compiler,
    tree::{Expr, ExprKind, Name, Stmt, StmtKind},
};

/// Parts of names that hold what nobody should type into a chat.
const SECRETS: [&str; 8] = [
    "password",
    "passwd",
    "senha",
    "secret",
    "api_key",
    "apikey",
    "access_token",
    "private_key",
];

impl Checker<'_> {
    pub(super) fn header(&mut self) {
        let parsed = self.parsed;
        let (sections, _) = compiler::sections(parsed);
        for section in &sections {
            // ON and SCHEDULE blocks are sections as well, but have no head.
            self.section(section.body);
        }
        let stem = sections.first().map(|_| compiler::stem(parsed)).unwrap_or_default();
        for section in &sections {
            let numbered = |name: &String| {
                let number = name.strip_prefix(&stem).and_then(|rest| rest.strip_prefix('-'));
                number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
            };
            let (Some(name), Some(first)) = (
                section.name.as_ref().filter(|name| numbered(name)),
                section.body.first(),
            ) else {
                continue;
            };
            let title = format!("this tool has no name of its own, so it is called {name}");
            self.warn("B219", &first.span, title).help =
                Some("write a comment with its name on the line before its PARAM and DESCRIPTION lines".to_owned());
        }
        for section in &sections {
            self.assigned.extend(section.given.iter().cloned());
        }
        self.procedures();
        self.types();
        let acts = parsed.body.iter().any(|stmt| !matches!(stmt.kind, StmtKind::Broken));
        if !acts && !parsed.has_errors() {
            let end = parsed
                .source()
                .text()
                .find('\n')
                .unwrap_or(parsed.source().text().len());
            self.warn("B218", &(0..end), "this script does nothing").help =
                Some("write its statements, or remove the file".to_owned());
        }
    }

    fn section(&mut self, body: &[Stmt]) {
        let mut params: Vec<&Name> = Vec::new();
        let mut described: Option<&Stmt> = None;
        let mut schedules = false;
        for stmt in body {
            match &stmt.kind {
                StmtKind::Param(lines) => params.extend(lines.iter().map(|param| &param.name)),
                StmtKind::Description { .. } => {
                    if let Some(first) = described {
                        let diagnostic = self.warn(
                            "B214",
                            &first.span,
                            "another DESCRIPTION follows, and only the last one counts",
                        );
                        diagnostic.help =
                            Some("remove this one; a DESCRIPTION after a RETURN begins a tool of its own".to_owned());
                    }
                    described = Some(stmt);
                }
                StmtKind::If { .. } => schedules |= schedules_inside(stmt),
                _ => {}
            }
        }
        let mut seen = HashSet::new();
        for name in &params {
            if !seen.insert(name.key()) {
                let title = format!("the parameter {} is declared twice", name.text);
                self.warn("B210", &name.span, title).help = Some("the first line counts: remove this one".to_owned());
            }
            let key = name.key();
            if SECRETS.iter().any(|secret| key.contains(secret)) {
                let title = format!("the parameter {} asks for a secret", name.text);
                self.warn("B216", &name.span, title).help =
                    Some("a model and the log see arguments: keep secrets in the settings of the bot".to_owned());
            }
        }
        if let (Some(first), None) = (params.first(), described) {
            let title = "a script with parameters has no DESCRIPTION";
            self.warn("B211", &first.span, title).help =
                Some("add `DESCRIPTION \"…\"`, so that a model knows when to call it".to_owned());
        }
        if let (Some(described), true) = (described, schedules) {
            let diagnostic = self.warn(
                "B217",
                &described.span,
                "this tool makes a schedule in one of its branches",
            );
            diagnostic.help =
                Some("the schedule is made when the branch is reached, with the values of that moment; put it on a line of its own for one of the script's own".to_owned());
        }
    }

    fn procedures(&mut self) {
        let mut names = HashSet::new();
        for stmt in &self.parsed.body {
            let StmtKind::Procedure(procedure) = &stmt.kind else {
                continue;
            };
            if !names.insert(procedure.name.key()) {
                let title = format!("{} is defined twice", procedure.name.text);
                self.warn("B212", &procedure.name.span, title).help = Some("the first one is called".to_owned());
            }
            for inner in &procedure.body {
                if let StmtKind::Param(_) = inner.kind {
                    self.warn(
                        "B215",
                        &inner.span,
                        "a PARAM inside a SUB is a parameter of the whole script",
                    )
                    .help = Some("move it to the top of the script".to_owned());
                }
            }
        }
    }

    /// Types of table fields that are neither types nor tables.
    fn types(&mut self) {
        let own = self.parsed.schema();
        for name in &self.parsed.types {
            let key = name.text.to_lowercase();
            let table = own.table(&name.text).is_some()
                || self.known.tables.as_ref().is_some_and(|tables| tables.contains(&key));
            if !table {
                let title = format!("`{}` is neither a type nor a table", name.text);
                let diagnostic = self.warn("B241", &name.span, title);
                "taken as text".clone_into(&mut diagnostic.label);
                diagnostic.help = Some(
                    "types are string, text, integer, number, double, decimal, boolean, date, datetime, uuid, json"
                        .to_owned(),
                );
            }
        }
    }
}

/// Whether a branch makes a schedule.
fn schedules_inside(stmt: &Stmt) -> bool {
    let here = matches!(&stmt.kind, StmtKind::Do1(Expr { kind: ExprKind::Command(command), .. }) if command.phrase == "SET SCHEDULE");
    here || compiler::bodies(stmt).into_iter().flatten().any(schedules_inside)
}
