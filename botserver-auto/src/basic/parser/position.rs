//! Arguments in parentheses, which fit a shape by their places: `FORMAT(x, "p")`.

use botstate::keyword::Part;

use super::shape::Args;
use crate::basic::tree::{Arg, Expr, ExprKind, Step};

/// Whether a shape has no words but commas.
pub(super) fn is_plain(parts: &[Part]) -> bool {
    parts.iter().all(|part| match part {
        Part::Word(word) => word == ",",
        Part::Fields(_) | Part::Flag(_) => false,
        _ => true,
    })
}

/// Values in parentheses as the arguments of a shape, when their number fits.
pub(super) fn by_position(parts: &[Part], values: &[Expr]) -> Option<Args> {
    let (mut named, mut required) = (Vec::new(), 0);
    flatten(parts, true, &mut named, &mut required);
    let rest = named
        .last()
        .is_some_and(|part| matches!(part, Part::Rest(_) | Part::Named(_)));
    if values.len() < required || values.len() > named.len() && !rest {
        return None;
    }
    let mut values = values.iter().cloned();
    let mut args = Vec::new();
    for part in named {
        let name = part.name().unwrap_or_default().to_owned();
        match part {
            Part::Rest(_) => args.push((name, Arg::Many(values.by_ref().collect()))),
            Part::Named(_) => args.push((name, Arg::Named(values.by_ref().collect()))),
            _ => {
                let Some(value) = values.next() else { break };
                args.push((name, placed(part, value)));
            }
        }
    }
    Some(args)
}

/// A value in parentheses as `part` takes it.
fn placed(part: &Part, value: Expr) -> Arg {
    match part {
        Part::Filter(_) | Part::Condition(_) => Arg::Filter(value),
        Part::Source(_) => match bare_name(&value) {
            Some(name) => Arg::Source(name, value),
            None => Arg::One(value),
        },
        _ => Arg::One(value),
    }
}

/// The text of a name with members and nothing else.
fn bare_name(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Path(base, steps) => {
            let mut name = bare_name(base)?;
            for step in steps {
                let Step::Member(member) = step else { return None };
                name = format!("{name}.{}", member.text);
            }
            Some(name)
        }
        _ => None,
    }
}

fn flatten<'p>(parts: &'p [Part], needed: bool, named: &mut Vec<&'p Part>, required: &mut usize) {
    for part in parts {
        match part {
            Part::Optional(inner) => flatten(inner, false, named, required),
            Part::Word(_) | Part::Flag(_) => {}
            _ => {
                named.push(part);
                *required += usize::from(needed);
            }
        }
    }
}
