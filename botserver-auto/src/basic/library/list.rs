//! Functions for lists. Elements are counted from 0; all functions give a changed copy.

use std::cmp::Ordering;

use super::{Function, MANY, arg, f};
use crate::basic::{
    number::{operand, whole},
    operators::{self, calculate, equal},
    path,
    tree::Arith,
    value::{List, Outcome, Val, check_text, check_weight, misfit},
};

pub(super) const FUNCTIONS: &[Function] = &[
    f("UBOUND", 1, 1, count),
    f("COUNT", 1, 1, count),
    f("SIZE", 1, 1, count),
    f("LBOUND", 1, 1, |_| Ok(Val::Int(0))),
    f("ARRAY", 0, MANY, |args| list(args.to_vec())),
    f("EMPTY_ARRAY", 0, 0, |_| list(Vec::new())),
    f("PUSH", 2, 2, |args| {
        changed(args, |items| items.push(arg(args, 1).clone()))
    }),
    f("APPEND", 2, 2, |args| {
        changed(args, |items| items.push(arg(args, 1).clone()))
    }),
    f("UNSHIFT", 2, 2, |args| {
        changed(args, |items| items.insert(0, arg(args, 1).clone()))
    }),
    f("PREPEND", 2, 2, |args| {
        changed(args, |items| items.insert(0, arg(args, 1).clone()))
    }),
    f("POP", 1, 1, |args| changed(args, |items| drop(items.pop()))),
    f("SHIFT", 1, 1, |args| {
        changed(args, |items| drop(items.drain(..1.min(items.len()))))
    }),
    f("INIT", 1, 1, |args| changed(args, |items| drop(items.pop()))),
    f("TAIL", 1, 1, |args| {
        changed(args, |items| drop(items.drain(..1.min(items.len()))))
    }),
    f("RANGE", 2, 3, range),
    f("CONCAT", 1, MANY, concat),
    f("FLATTEN", 1, 1, flatten),
    f("REVERSE", 1, 1, reverse),
    f("SORT", 1, 3, sort),
    f("UNIQUE", 1, 2, unique),
    f("DISTINCT", 1, 2, unique),
    f("SLICE", 2, 3, slice),
    f("SUBARRAY", 2, 3, slice),
    f("TAKE", 2, 2, take),
    f("HEAD", 2, 2, take),
    f("DROP", 2, 2, skip),
    f("BATCH", 2, 2, chunk),
    f("CHUNK", 2, 2, chunk),
    f("FILL", 2, 2, fill),
    f("REDIM", 2, 2, redim),
    f("INDEX_OF", 2, 2, |args| position(args, false)),
    f("LAST_INDEX_OF", 2, 2, |args| position(args, true)),
    f("IN_ARRAY", 2, 2, in_array),
    f("INCLUDES", 2, 2, |args| {
        operators::contains(arg(args, 0), arg(args, 1)).map(Val::Bool)
    }),
    f("HAS", 2, 2, |args| {
        operators::contains(arg(args, 0), arg(args, 1)).map(Val::Bool)
    }),
    f("FIRST", 1, 2, first),
    f("LAST", 1, 2, last),
    f("JOIN", 1, 2, join),
    f("KEYS", 1, 1, keys),
    f("VALUES", 1, 1, values),
];

fn list(items: Vec<Val>) -> Outcome<Val> {
    Ok(Val::List(List::new(items)?))
}

/// The elements of a list; null has none, any other value is its own only element.
fn items(value: &Val) -> Vec<Val> {
    match value {
        Val::List(list) => list.to_vec(),
        Val::Null => Vec::new(),
        other => vec![other.clone()],
    }
}

fn count(args: &[Val]) -> Outcome<Val> {
    Ok(match arg(args, 0) {
        Val::Null => Val::Int(0),
        Val::List(list) => list.len().into(),
        Val::Object(object) => object.len().into(),
        Val::Text(text) => text.chars().count().into(),
        other => return Err(misfit(format!("{} has no elements to count", other.type_name()))),
    })
}

fn changed(args: &[Val], change: impl FnOnce(&mut Vec<Val>)) -> Outcome<Val> {
    let mut items = items(arg(args, 0));
    change(&mut items);
    list(items)
}

fn size(value: &Val) -> Outcome<usize> {
    Ok(usize::try_from(whole(value, "the count")?).unwrap_or(0))
}

fn range(args: &[Val]) -> Outcome<Val> {
    let step = if args.len() > 2 {
        arg(args, 2).clone()
    } else {
        Val::Int(1)
    };
    let decimal = operand(&step)?.decimal();
    if decimal.is_zero() {
        return Err(misfit("the step of RANGE must not be 0"));
    }
    let past = if decimal.is_sign_negative() {
        Ordering::Less
    } else {
        Ordering::Greater
    };
    let (mut at, end) = (operand(arg(args, 0))?.val(), operand(arg(args, 1))?.val());
    let mut items = Vec::new();
    while operators::order(&at, &end).is_some_and(|order| order != past) {
        check_weight(items.len() * 16)?;
        items.push(at.clone());
        at = calculate(Arith::Add, at, &step)?;
    }
    list(items)
}

fn concat(args: &[Val]) -> Outcome<Val> {
    if args.iter().any(|value| matches!(value, Val::Text(_))) && !args.iter().any(|value| matches!(value, Val::List(_)))
    {
        return args
            .iter()
            .try_fold(Val::text(""), |text, part| calculate(Arith::Concat, text, part));
    }
    list(args.iter().flat_map(items).collect())
}

fn flatten(args: &[Val]) -> Outcome<Val> {
    fn walk(value: &Val, depth: usize, flat: &mut Vec<Val>) -> Outcome<()> {
        match value {
            Val::List(list) if depth < 64 => list.iter().try_for_each(|item| walk(item, depth + 1, flat)),
            other => {
                check_weight(flat.len() * 16)?;
                flat.push(other.clone());
                Ok(())
            }
        }
    }
    let mut flat = Vec::new();
    walk(arg(args, 0), 0, &mut flat)?;
    list(flat)
}

fn reverse(args: &[Val]) -> Outcome<Val> {
    if let Val::Text(text) = arg(args, 0) {
        return Ok(Val::text(text.chars().rev().collect::<String>()));
    }
    changed(args, |items| items.reverse())
}

/// `SORT(list[, "field"][, "DESC"])`: values that cannot be compared keep their order, null comes first.
fn sort(args: &[Val]) -> Outcome<Val> {
    let word = |value: &Val, word: &str| matches!(value, Val::Text(text) if text.eq_ignore_ascii_case(word));
    let descending = args.iter().skip(1).any(|value| word(value, "DESC"));
    let field = args.get(1).filter(|value| !word(value, "DESC") && !word(value, "ASC"));
    let mut keyed = Vec::new();
    for item in items(arg(args, 0)) {
        let key = field.map_or(Ok(item.clone()), |field| path::get(&item, field))?;
        keyed.push((key, item));
    }
    keyed.sort_by(|(a, _), (b, _)| {
        let order = operators::order(a, b).unwrap_or_else(|| b.is_null().cmp(&a.is_null()));
        if descending { order.reverse() } else { order }
    });
    list(keyed.into_iter().map(|(_, item)| item).collect())
}

fn unique(args: &[Val]) -> Outcome<Val> {
    let mut seen = std::collections::HashSet::new();
    let mut kept = Vec::new();
    for item in items(arg(args, 0)) {
        let key = if args.len() > 1 {
            path::get(&item, arg(args, 1))?
        } else {
            item.clone()
        };
        if seen.insert(key.print()?) {
            kept.push(item);
        }
    }
    list(kept)
}

/// A part from an index to before another; negative ones count from the end. Works on texts as well.
fn slice(args: &[Val]) -> Outcome<Val> {
    let cut = |length: usize| -> Outcome<(usize, usize)> {
        let bound = |value: &Val| -> Outcome<usize> {
            let at = whole(value, "the index")?;
            let from_end = length.saturating_sub(usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX));
            Ok(usize::try_from(at).map_or(from_end, |at| at.min(length)))
        };
        let end = if args.len() > 2 && !arg(args, 2).is_null() {
            bound(arg(args, 2))?
        } else {
            length
        };
        let start = bound(arg(args, 1))?;
        Ok((start, end.saturating_sub(start)))
    };
    if let Val::Text(text) = arg(args, 0) {
        let (start, count) = cut(text.chars().count())?;
        return Ok(Val::text(text.chars().skip(start).take(count).collect::<String>()));
    }
    let items = items(arg(args, 0));
    let (start, count) = cut(items.len())?;
    list(items.into_iter().skip(start).take(count).collect())
}

fn take(args: &[Val]) -> Outcome<Val> {
    let count = size(arg(args, 1))?;
    list(items(arg(args, 0)).into_iter().take(count).collect())
}

fn skip(args: &[Val]) -> Outcome<Val> {
    let count = size(arg(args, 1))?;
    list(items(arg(args, 0)).into_iter().skip(count).collect())
}

fn chunk(args: &[Val]) -> Outcome<Val> {
    let size = size(arg(args, 1))?.max(1);
    list(
        items(arg(args, 0))
            .chunks(size)
            .map(|chunk| list(chunk.to_vec()))
            .collect::<Outcome<_>>()?,
    )
}

fn fill(args: &[Val]) -> Outcome<Val> {
    let count = size(arg(args, 1))?;
    check_weight(count.saturating_mul(arg(args, 0).weight()))?;
    list(vec![arg(args, 0).clone(); count])
}

/// The list with `n` elements: cut short, or filled up with null.
fn redim(args: &[Val]) -> Outcome<Val> {
    let count = size(arg(args, 1))?;
    check_weight(count.saturating_mul(16))?;
    changed(args, |items| items.resize(count, Val::Null))
}

fn position(args: &[Val], backward: bool) -> Outcome<Val> {
    let found = match (arg(args, 0), arg(args, 1)) {
        (Val::Text(text), part) => {
            let part = part.print()?;
            let at = if backward {
                text.rfind(part.as_str())
            } else {
                text.find(part.as_str())
            };
            at.and_then(|at| text.get(..at)).map(|before| before.chars().count())
        }
        (Val::List(list), item) if backward => list.iter().rposition(|other| equal(other, item)),
        (Val::List(list), item) => list.iter().position(|other| equal(other, item)),
        _ => None,
    };
    Ok(found.map_or(Val::Int(-1), Val::from))
}

/// Whether a value is in a list; the list may stand first or second.
fn in_array(args: &[Val]) -> Outcome<Val> {
    let (a, b) = (arg(args, 0), arg(args, 1));
    operators::contains(
        if matches!(b, Val::List(_)) { b } else { a },
        if matches!(b, Val::List(_)) { a } else { b },
    )
    .map(Val::Bool)
}

fn first(args: &[Val]) -> Outcome<Val> {
    end(
        args,
        |items| items.first().cloned(),
        |items, count| items.iter().take(count).cloned().collect(),
    )
}

fn last(args: &[Val]) -> Outcome<Val> {
    end(
        args,
        |items| items.last().cloned(),
        |items, count| items.iter().skip(items.len().saturating_sub(count)).cloned().collect(),
    )
}

/// One element, `n` of them, or a field of one.
fn end(args: &[Val], one: fn(&[Val]) -> Option<Val>, many: fn(&[Val], usize) -> Vec<Val>) -> Outcome<Val> {
    let items = match arg(args, 0) {
        Val::Text(text) => text.split_whitespace().map(Val::from).collect(),
        other => items(other),
    };
    match args.get(1) {
        None => Ok(one(&items).unwrap_or_default()),
        Some(field @ Val::Text(_)) => path::get(&one(&items).unwrap_or_default(), field),
        Some(count) => list(many(&items, size(count)?)),
    }
}

fn join(args: &[Val]) -> Outcome<Val> {
    let separator = if args.len() > 1 {
        arg(args, 1).print()?
    } else {
        ",".into()
    };
    let mut text = String::new();
    for (index, item) in items(arg(args, 0)).iter().enumerate() {
        if index > 0 {
            text.push_str(&separator);
        }
        text.push_str(&item.print()?);
        check_text(text.len())?;
    }
    Ok(Val::text(text))
}

fn keys(args: &[Val]) -> Outcome<Val> {
    match arg(args, 0) {
        Val::Object(object) => list(object.iter().map(|(name, _)| Val::Text(name.clone())).collect()),
        other => list((0..items(other).len()).map(Val::from).collect()),
    }
}

fn values(args: &[Val]) -> Outcome<Val> {
    match arg(args, 0) {
        Val::Object(object) => list(object.iter().map(|(_, value)| value.clone()).collect()),
        other => list(items(other)),
    }
}
