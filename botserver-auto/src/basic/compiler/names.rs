//! Variables: which names are assigned, where they live, what they are called in generated code.

use std::{collections::HashSet, fmt::Write as _};

use super::Compiler;
use crate::basic::{
    program::{Global, Slot},
    tree::{Stmt, StmtKind},
};

/// A variable as code refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    /// Its name in generated code.
    pub(super) code: String,
    /// Its place in the machine; none for a variable that only lives inside a piece of Rhai.
    pub(super) slot: Option<Slot>,
}

/// The bodies inside a statement.
pub(crate) fn bodies(stmt: &Stmt) -> Vec<&[Stmt]> {
    match &stmt.kind {
        StmtKind::If { arms, otherwise } => arms
            .iter()
            .map(|(_, body)| body.as_slice())
            .chain(otherwise.as_deref())
            .collect(),
        StmtKind::For { body, .. }
        | StmtKind::ForEach { body, .. }
        | StmtKind::While { body, .. }
        | StmtKind::On { body, .. }
        | StmtKind::Later { body, .. }
        | StmtKind::Do { body, .. } => vec![body],
        StmtKind::Select { cases, otherwise, .. } => cases
            .iter()
            .map(|case| case.body.as_slice())
            .chain(otherwise.as_deref())
            .collect(),
        StmtKind::Procedure(procedure) => vec![&procedure.body],
        StmtKind::With { fields, .. } => vec![fields],
        StmtKind::Try { body, handler, .. } => vec![body, handler],
        _ => Vec::new(),
    }
}

/// Names that the statement itself sets, in lower case; what its bodies set is not among them.
pub(super) fn sets(stmt: &Stmt) -> Vec<String> {
    match &stmt.kind {
        StmtKind::Assign { target, .. }
        | StmtKind::Hear { into: Some(target), .. }
        | StmtKind::With { target, .. }
        | StmtKind::Mutate { target, .. } => vec![target.name.key()],
        StmtKind::For { name, .. } | StmtKind::Try { error: Some(name), .. } => vec![name.key()],
        StmtKind::Param(params) => params.iter().map(|param| param.name.key()).collect(),
        StmtKind::Dim(dims) => dims.iter().map(|dim| dim.name.key()).collect(),
        _ => Vec::new(),
    }
}

/// Collects names that statements assign, in lower case.
pub(crate) fn assigned(body: &[Stmt], names: &mut HashSet<String>) {
    for stmt in body {
        names.extend(sets(stmt));
        for body in bodies(stmt) {
            assigned(body, names);
        }
    }
}

/// Whether `ON ERROR RESUME NEXT` is used anywhere.
pub(super) fn resumes(body: &[Stmt]) -> bool {
    body.iter()
        .any(|stmt| matches!(stmt.kind, StmtKind::OnError(true)) || bodies(stmt).into_iter().any(resumes))
}

/// The last description of the script, which is the one that counts.
pub(super) fn description(body: &[Stmt]) -> Option<String> {
    body.iter().rev().find_map(|stmt| match &stmt.kind {
        StmtKind::Description { text } => Some(text.clone()),
        _ => None,
    })
}

/// A name that Rhai takes: other letters than ASCII ones are spelled out.
pub(super) fn mangle(prefix: &str, key: &str) -> String {
    let mut code = prefix.to_owned();
    for letter in key.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            code.push(letter);
        } else {
            let _ = write!(code, "_u{:x}_", u32::from(letter));
        }
    }
    code
}

/// The name that [`mangle`] made `code` of, and its prefix.
pub(super) fn demangle(code: &str) -> String {
    let mut key = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("_u") {
        let (before, tail) = rest.split_at(at);
        let spelled = tail.get(2..).and_then(|tail| tail.split_once('_'));
        let letter = spelled.and_then(|(digits, after)| {
            let code = u32::from_str_radix(digits, 16).ok()?;
            let letter = char::from_u32(code).filter(|letter| !letter.is_ascii())?;
            Some((letter, after))
        });
        key.push_str(before);
        if let Some((letter, after)) = letter {
            key.push(letter);
            rest = after;
        } else {
            key.push_str("_u");
            rest = tail.get(2..).unwrap_or_default();
        }
    }
    key.push_str(rest);
    key
}

impl Compiler<'_> {
    /// The variable called `name` here: a local one, else the script's.
    pub(super) fn variable(&mut self, name: &str) -> Variable {
        let key = name.trim_end_matches('$').to_lowercase();
        if let Some(local) = self.builder.local(&key) {
            return local;
        }
        let index = self
            .globals
            .iter()
            .position(|global| global.name == key)
            .unwrap_or_else(|| {
                let ambient = !self.assigned.contains(&key);
                self.globals.push(Global {
                    code: mangle("v_", &key),
                    name: key,
                    ambient,
                });
                self.globals.len() - 1
            });
        self.global(index)
    }

    fn global(&self, index: usize) -> Variable {
        let code = self
            .globals
            .get(index)
            .map(|global| global.code.clone())
            .unwrap_or_default();
        Variable {
            code,
            slot: u32::try_from(index).ok().map(Slot::Global),
        }
    }

    /// The script's variable that holds the last error.
    pub(super) fn error_variable(&mut self) -> Variable {
        let name = super::super::machine::ERROR;
        let index = self
            .globals
            .iter()
            .position(|global| global.name == name)
            .unwrap_or_else(|| {
                self.globals.push(Global {
                    name: name.to_owned(),
                    code: "e_error".to_owned(),
                    ambient: false,
                });
                self.globals.len() - 1
            });
        self.global(index)
    }

    /// Whether a bare name is a variable: set in the script, a parameter, or local.
    pub(super) fn is_variable(&self, name: &str) -> bool {
        let key = name.trim_end_matches('$').to_lowercase();
        self.assigned.contains(&key) || self.builder.local(&key).is_some()
    }
}
