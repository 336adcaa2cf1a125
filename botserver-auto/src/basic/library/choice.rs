//! Functions for types, choices and errors.

use super::{Function, MANY, arg, f, volatile};
use crate::basic::{
    format,
    number::whole,
    operators::equal,
    path, run,
    value::{Object, Outcome, Val},
};

pub(super) const FUNCTIONS: &[Function] = &[
    f("TYPEOF", 1, 1, type_of),
    f("TYPENAME", 1, 1, type_of),
    f("ISARRAY", 1, 1, |args| {
        Ok(Val::Bool(matches!(arg(args, 0), Val::List(_))))
    }),
    f("ISNUMBER", 1, 1, |args| {
        Ok(Val::Bool(matches!(arg(args, 0), Val::Int(_) | Val::Decimal(_))))
    }),
    f("ISSTRING", 1, 1, |args| {
        Ok(Val::Bool(matches!(arg(args, 0), Val::Text(_))))
    }),
    f("ISBOOL", 1, 1, |args| {
        Ok(Val::Bool(matches!(arg(args, 0), Val::Bool(_))))
    }),
    f("ISOBJECT", 1, 1, |args| {
        Ok(Val::Bool(matches!(arg(args, 0), Val::Object(_))))
    }),
    f("ISNULL", 1, 1, |args| Ok(Val::Bool(arg(args, 0).is_null()))),
    f("ISEMPTY", 1, 1, |args| Ok(Val::Bool(arg(args, 0).is_empty()))),
    f("IIF", 3, 3, choose),
    f("IF", 3, 3, choose),
    f("NVL", 2, MANY, coalesce),
    f("COALESCE", 1, MANY, coalesce),
    f("IFNULL", 2, 2, coalesce),
    f("CHOOSE", 2, MANY, nth),
    f("SWITCH_FUNC", 2, MANY, switch),
    f("SWITCH", 2, MANY, switch),
    f("NOT", 1, 1, |args| Ok(Val::Bool(!arg(args, 0).is_true()))),
    f("AND", 1, MANY, |args| Ok(Val::Bool(args.iter().all(Val::is_true)))),
    f("OR", 1, MANY, |args| Ok(Val::Bool(args.iter().any(Val::is_true)))),
    f("EXISTS", 1, 1, |args| Ok(Val::Bool(!arg(args, 0).is_null()))),
    f("ERROR", 1, 2, error),
    f("IS_ERROR", 1, 1, |args| Ok(Val::Bool(arg(args, 0).is_error()))),
    f("GET_ERROR_MESSAGE", 1, 1, |args| {
        path::get(arg(args, 0), &"message".into())
    }),
    f("FORMAT", 1, 2, formatted),
    volatile("UUID", 0, 0, |_| Ok(uuid())),
    volatile("GUID", 0, 0, |_| Ok(uuid())),
];

/// The number of errors that a script makes itself.
const RAISED: i64 = 4001;

#[expect(clippy::unnecessary_wraps, reason = "functions of the library share one signature")]
fn type_of(args: &[Val]) -> Outcome<Val> {
    let value = arg(args, 0);
    Ok(Val::text(if value.is_error() { "error" } else { value.type_name() }))
}

#[expect(clippy::unnecessary_wraps, reason = "functions of the library share one signature")]
fn choose(args: &[Val]) -> Outcome<Val> {
    Ok(arg(args, if arg(args, 0).is_true() { 1 } else { 2 }).clone())
}

#[expect(clippy::unnecessary_wraps, reason = "functions of the library share one signature")]
fn coalesce(args: &[Val]) -> Outcome<Val> {
    Ok(args.iter().find(|value| !value.is_null()).cloned().unwrap_or_default())
}

fn nth(args: &[Val]) -> Outcome<Val> {
    let index = usize::try_from(whole(arg(args, 0), "the index")?).unwrap_or(0);
    Ok(if index == 0 {
        Val::Null
    } else {
        arg(args, index).clone()
    })
}

/// `SWITCH(value, case, result, …[, otherwise])`.
#[expect(clippy::unnecessary_wraps, reason = "functions of the library share one signature")]
fn switch(args: &[Val]) -> Outcome<Val> {
    let pairs = args.get(1..).unwrap_or_default();
    for pair in pairs.chunks(2) {
        match pair {
            [case, result] if equal(case, arg(args, 0)) => return Ok(result.clone()),
            [otherwise] => return Ok(otherwise.clone()),
            _ => {}
        }
    }
    Ok(Val::Null)
}

fn error(args: &[Val]) -> Outcome<Val> {
    let mut object = Object::default();
    object.set("error".into(), Val::Bool(true))?;
    object.set("message".into(), arg(args, 0).print()?.into())?;
    object.set("kind".into(), Val::text("raised"))?;
    let code = if args.len() > 1 {
        arg(args, 1).clone()
    } else {
        Val::Int(RAISED)
    };
    object.set("number".into(), code.clone())?;
    object.set("code".into(), code)?;
    Ok(Val::Object(object))
}

fn formatted(args: &[Val]) -> Outcome<Val> {
    let pattern = if args.len() > 1 {
        Some(arg(args, 1).print()?)
    } else {
        None
    };
    format::format(arg(args, 0), pattern.as_deref()).map(Val::from)
}

fn uuid() -> Val {
    let mut bytes = [0_u8; 16];
    let (low, high) = bytes.split_at_mut(8);
    low.copy_from_slice(&run::random().to_be_bytes());
    high.copy_from_slice(&run::random().to_be_bytes());
    Val::text(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}
