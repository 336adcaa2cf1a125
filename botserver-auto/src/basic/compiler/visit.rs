//! The expressions and places that a statement has itself, those of its bodies left out.

use super::work;
use crate::basic::tree::{Expr, Place, PlaceKey, Stmt, StmtKind, Test};

/// Calls `visit` with every expression of the statement, in the order in which they are written.
pub(crate) fn exprs<'a>(stmt: &'a Stmt, visit: &mut dyn FnMut(&'a Expr)) {
    let mut each = |exprs: &mut dyn Iterator<Item = &'a Expr>| exprs.for_each(&mut *visit);
    match &stmt.kind {
        StmtKind::Assign { target, value } => each(&mut indexes(target).chain([value])),
        StmtKind::Mutate { target, args, .. } => each(&mut indexes(target).chain(args)),
        StmtKind::If { arms, .. } => each(&mut arms.iter().map(|(condition, _)| condition)),
        StmtKind::For { from, to, step, .. } => each(&mut [from, to].into_iter().chain(step)),
        StmtKind::ForEach { list, last, .. } => each(&mut [list].into_iter().chain(last)),
        StmtKind::While { condition, .. } => each(&mut [condition].into_iter()),
        StmtKind::Do { before, after, .. } => {
            each(&mut before.iter().chain(after).map(|until| &until.condition));
        }
        StmtKind::Select { subject, cases, .. } => {
            let tests = cases.iter().flat_map(|case| &case.tests);
            let tests = tests.flat_map(|test| match test {
                Test::Equal(value) | Test::Is(_, value) => vec![value],
                Test::Range(low, high) => vec![low, high],
            });
            each(&mut [subject].into_iter().chain(tests));
        }
        StmtKind::Return(value) | StmtKind::Talk(value) => each(&mut value.iter()),
        StmtKind::ReturnWith(fields) => each(&mut fields.iter().map(|(_, value)| value)),
        StmtKind::With { target, .. } => each(&mut indexes(target)),
        StmtKind::Throw(value)
        | StmtKind::Prompt(value)
        | StmtKind::Print(value)
        | StmtKind::Do1(value)
        | StmtKind::Delay(value)
        | StmtKind::Later { amount: value, .. } => each(&mut [value].into_iter()),
        StmtKind::Assert { condition, message } => each(&mut [condition].into_iter().chain(message)),
        StmtKind::Hear { into, hear } => {
            let parts = [&hear.prompt, &hear.default, &hear.timeout].into_iter().flatten();
            each(
                &mut into
                    .iter()
                    .flat_map(indexes)
                    .chain(&hear.options)
                    .chain(parts.map(|part| &**part)),
            );
        }
        StmtKind::Dim(dims) => each(&mut dims.iter().flat_map(|dim| &dim.sizes)),
        StmtKind::Mail { to, subject, body } => each(&mut [to, subject, body].into_iter()),
        StmtKind::Step(step) => each(&mut work::exprs(step).into_iter()),
        _ => {}
    }
}

/// Calls `visit` with every variable that the statement sets.
pub(crate) fn places<'a>(stmt: &'a Stmt, visit: &mut dyn FnMut(&'a Place)) {
    match &stmt.kind {
        StmtKind::Assign { target, .. }
        | StmtKind::Mutate { target, .. }
        | StmtKind::With { target, .. }
        | StmtKind::Hear { into: Some(target), .. } => visit(target),
        _ => {}
    }
}

fn indexes(place: &Place) -> impl Iterator<Item = &Expr> {
    place.keys.iter().filter_map(|key| match key {
        PlaceKey::Index(index) => Some(index),
        PlaceKey::Member(_) => None,
    })
}
