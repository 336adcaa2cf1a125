//! What waits, or does something to the world, and so cannot run inside Rhai.

use std::collections::HashSet;

use super::names::bodies;
use crate::basic::{
    library,
    tree::{Expr, ExprKind, Loop, Place, PlaceKey, Step, Stmt, StmtKind, Test},
};

/// Knows the procedures of a script.
pub(super) struct Effects {
    procedures: HashSet<String>,
}

/// The expressions right inside an expression, in the order of their evaluation.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Template(items)
        | ExprKind::And(items)
        | ExprKind::Or(items)
        | ExprKind::Coalesce(items)
        | ExprKind::List(items)
        | ExprKind::Call(_, items) => items.iter().collect(),
        ExprKind::Path(base, steps) => std::iter::once(&**base)
            .chain(steps.iter().flat_map(Step::exprs))
            .collect(),
        ExprKind::Not(inner) | ExprKind::Negate(inner) | ExprKind::IsNull(inner) | ExprKind::IsEmpty(inner) => {
            vec![inner]
        }
        ExprKind::Chain(first, rest) => std::iter::once(&**first)
            .chain(rest.iter().map(|(_, item)| item))
            .collect(),
        ExprKind::Compare(left, _, right) => vec![left, right],
        ExprKind::Between(value, low, high) => vec![value, low, high],
        ExprKind::Choose(condition, yes, no) => vec![condition, yes, no],
        ExprKind::Object(fields) => fields.iter().flat_map(|(name, value)| [name, value]).collect(),
        ExprKind::Format(value, pattern) => std::iter::once(&**value).chain(pattern.as_deref()).collect(),
        ExprKind::Command(command) => command.args.iter().flat_map(|(_, arg)| arg.exprs()).collect(),
        ExprKind::Script(name, args) => std::iter::once(&**name).chain(args).collect(),
        ExprKind::Hear(hear) => hear
            .prompt
            .as_deref()
            .into_iter()
            .chain(hear.default.as_deref())
            .chain(hear.timeout.as_deref())
            .chain(&hear.options)
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether two evaluations may give different values: chance and time are inside.
pub(crate) fn is_volatile(expr: &Expr) -> bool {
    let here = match &expr.kind {
        ExprKind::Call(name, _) => library::find(&name.text).is_some_and(|function| function.volatile),
        ExprKind::Name(name) => library::find(name).is_some_and(|function| function.volatile),
        _ => false,
    };
    here || children(expr).into_iter().any(is_volatile)
}

impl Effects {
    pub(super) fn new(procedures: HashSet<String>) -> Self {
        Self { procedures }
    }

    /// Whether the script defines a procedure called `key`.
    pub(super) fn is_procedure(&self, key: &str) -> bool {
        self.procedures.contains(key)
    }

    /// Whether evaluating the expression waits or has an effect.
    pub(super) fn of(&self, expr: &Expr) -> bool {
        let here = match &expr.kind {
            ExprKind::Command(_) | ExprKind::Hear(_) | ExprKind::Script(..) => true,
            ExprKind::Call(name, _) => self.is_procedure(&name.key()),
            _ => false,
        };
        here || children(expr).into_iter().any(|child| self.of(child))
    }

    fn of_place(&self, place: &Place) -> bool {
        place
            .keys
            .iter()
            .any(|key| matches!(key, PlaceKey::Index(index) if self.of(index)))
    }

    /// Whether the statement can run inside Rhai; `loops` are the loops around it that run there as well.
    pub(super) fn is_pure(&self, stmt: &Stmt, loops: &mut Vec<Loop>) -> bool {
        let pure = |exprs: &[&Expr]| exprs.iter().all(|expr| !self.of(expr));
        let kind = match &stmt.kind {
            StmtKind::Assign { target, value } => return !self.of_place(target) && pure(&[value]),
            StmtKind::Mutate { target, args, .. } => {
                return !self.of_place(target) && args.iter().all(|arg| !self.of(arg));
            }
            StmtKind::Do1(expr) => return pure(&[expr]),
            StmtKind::ClearError => return true,
            StmtKind::Leave(None) | StmtKind::Continue => return !loops.is_empty(),
            StmtKind::Leave(Some(kind)) => return loops.last() == Some(kind),
            StmtKind::If { arms, .. } if arms.iter().all(|(condition, _)| !self.of(condition)) => None,
            StmtKind::Select { subject, cases, .. } => {
                let test = |test: &Test| match test {
                    Test::Equal(value) | Test::Is(_, value) => pure(&[value]),
                    Test::Range(low, high) => pure(&[low, high]),
                };
                if !pure(&[subject]) || !cases.iter().flat_map(|case| &case.tests).all(test) {
                    return false;
                }
                None
            }
            StmtKind::With { target, .. } if !self.of_place(target) => None,
            StmtKind::For { from, to, step, .. }
                if pure(&[from, to]) && step.as_ref().is_none_or(|step| !self.of(step)) =>
            {
                Some(Loop::For)
            }
            StmtKind::ForEach { list, last, .. }
                if pure(&[list]) && last.as_ref().is_none_or(|last| !self.of(last)) =>
            {
                Some(Loop::For)
            }
            StmtKind::While { condition, .. } if pure(&[condition]) => Some(Loop::While),
            // A loop with both conditions has no counterpart in Rhai that BREAK and CONTINUE would fit.
            StmtKind::Do {
                before: Some(_),
                after: Some(_),
                ..
            } => return false,
            StmtKind::Do { before, after, .. }
                if before.iter().chain(after).all(|until| !self.of(&until.condition)) =>
            {
                Some(Loop::Do)
            }
            _ => return false,
        };
        loops.extend(kind);
        let pure = bodies(stmt).into_iter().flatten().all(|stmt| self.is_pure(stmt, loops));
        if kind.is_some() {
            loops.pop();
        }
        pure
    }
}
