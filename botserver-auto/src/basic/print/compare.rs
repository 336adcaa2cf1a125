//! Whether what was printed still means what was read.

use std::collections::BTreeSet;

use crate::basic::{
    parser::Parsed,
    tree::{Stmt, StmtKind},
};

/// The places of the statements of `before` that `after` reads differently; nothing when both mean the same.
pub(super) fn differences(before: &Parsed, after: &Parsed) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    if fingerprint(&before.body) != fingerprint(&after.body) {
        bodies(&before.body, &after.body, &mut found);
    }
    found
}

/// The place of the script's own statement in which the first comment stands that is not there any more or moved;
/// nothing when all are still there, in their order.
pub(super) fn without_comments(before: &Parsed, after: &Parsed) -> BTreeSet<usize> {
    let texts = |parsed: &Parsed| -> Vec<String> {
        let text = |span: &std::ops::Range<usize>| parsed.source.slice(span.clone()).trim_end().to_owned();
        parsed.comments.iter().map(text).collect()
    };
    let (old, new) = (texts(before), texts(after));
    if old == new {
        return BTreeSet::new();
    }
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let place = before.comments.get(same).or(before.comments.last());
    let at = place.map_or(0, |span| span.start);
    let holds = |stmt: &&Stmt| stmt.span.start <= at && at <= stmt.span.end;
    let holder = before.body.iter().find(holds);
    let beside = || before.body.iter().take_while(|stmt| stmt.span.start <= at).last();
    holder
        .or_else(beside)
        .or(before.body.first())
        .map(|stmt| stmt.span.start)
        .into_iter()
        .collect()
}

fn bodies(before: &[Stmt], after: &[Stmt], found: &mut BTreeSet<usize>) {
    let same_length = before.len() == after.len();
    for (index, stmt) in before.iter().enumerate() {
        let other = after.get(index);
        if other
            .is_some_and(|other| fingerprint(std::slice::from_ref(stmt)) == fingerprint(std::slice::from_ref(other)))
        {
            continue;
        }
        match other {
            Some(other) if same_length => statement(stmt, other, found),
            _ => {
                found.insert(stmt.span.start);
                return;
            }
        }
    }
}

/// Blames the innermost statement that differs.
fn statement(before: &Stmt, after: &Stmt, found: &mut BTreeSet<usize>) {
    let (inner, other) = (children(before), children(after));
    let known = found.len();
    if inner.len() == other.len() {
        for (inner, other) in inner.into_iter().zip(other) {
            bodies(inner, other, found);
        }
    }
    if found.len() == known {
        found.insert(before.span.start);
    }
}

/// The blocks that a statement holds.
pub(super) fn children(stmt: &Stmt) -> Vec<&[Stmt]> {
    match &stmt.kind {
        StmtKind::If { arms, otherwise } => {
            let arms = arms.iter().map(|(_, body)| body.as_slice());
            arms.chain(otherwise.as_deref()).collect()
        }
        StmtKind::For { body, .. }
        | StmtKind::ForEach { body, .. }
        | StmtKind::While { body, .. }
        | StmtKind::Do { body, .. }
        | StmtKind::On { body, .. }
        | StmtKind::Later { body, .. } => vec![body],
        StmtKind::Select { cases, otherwise, .. } => {
            let cases = cases.iter().map(|case| case.body.as_slice());
            cases.chain(otherwise.as_deref()).collect()
        }
        StmtKind::Procedure(procedure) => vec![&procedure.body],
        StmtKind::With { fields, .. } => vec![fields],
        StmtKind::Try { body, handler, .. } => vec![body, handler],
        _ => Vec::new(),
    }
}

/// The tree as text without places. The derived text names every field, so that a kind of statement that is new is
/// compared without anybody remembering it. Letter case does not count: functions are printed in capitals, and texts
/// are printed as they were written.
pub(super) fn fingerprint(body: &[Stmt]) -> String {
    let text = format!("{body:?}");
    let mut print = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("span: ").into_iter().chain(rest.find("place: ")).min() {
        print.push_str(rest.get(..at).unwrap_or_default());
        let place = rest
            .get(at..)
            .and_then(|rest| rest.split_once(": "))
            .map_or("", |(_, place)| place);
        rest = match place.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').map_or("", |(_, after)| after),
            None => place.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'),
        };
    }
    print.push_str(rest);
    print.make_ascii_lowercase();
    print
}
