//! Functions for texts. All count characters, not bytes.

use sha2::{Digest, Sha256};

use super::{Function, arg, f};
use crate::basic::{
    number::{self, Number, whole},
    operators,
    value::{List, Outcome, Val, check_text, misfit},
};

pub(super) const FUNCTIONS: &[Function] = &[
    f("LEN", 1, 1, len),
    f("LENGTH", 1, 1, len),
    f("LEFT", 2, 2, left),
    f("RIGHT", 2, 2, right),
    f("MID", 2, 3, mid),
    f("SUBSTR", 2, 3, substr),
    f("AT", 2, 2, at),
    f("UCASE", 1, 1, upper),
    f("UPPER", 1, 1, upper),
    f("UPPERCASE", 1, 1, upper),
    f("LCASE", 1, 1, lower),
    f("LOWER", 1, 1, lower),
    f("LOWERCASE", 1, 1, lower),
    f("CAPITALIZE", 1, 1, capitalize),
    f("TRIM", 1, 1, |args| edit(args, str::trim)),
    f("LTRIM", 1, 1, |args| edit(args, str::trim_start)),
    f("RTRIM", 1, 1, |args| edit(args, str::trim_end)),
    f("REPLACE", 3, 3, replace),
    f("INSTR", 2, 3, instr),
    f("SPLIT", 1, 2, split),
    f("CONTAINS", 2, 2, |args| {
        operators::contains(arg(args, 0), arg(args, 1)).map(Val::Bool)
    }),
    f("STARTSWITH", 2, 2, |args| {
        Ok(Val::Bool(
            arg(args, 0).print()?.starts_with(arg(args, 1).print()?.as_str()),
        ))
    }),
    f("ENDSWITH", 2, 2, |args| {
        Ok(Val::Bool(
            arg(args, 0).print()?.ends_with(arg(args, 1).print()?.as_str()),
        ))
    }),
    f("REPEAT", 2, 2, repeat),
    f("ASC", 1, 1, asc),
    f("CHR", 1, 1, chr),
    f("STR", 1, 1, |args| arg(args, 0).print().map(Val::Text)),
    f("CSTR", 1, 1, |args| arg(args, 0).print().map(Val::Text)),
    f("VAL", 1, 1, val),
    f("TO_NUMBER", 1, 1, |args| Ok(number::operand(arg(args, 0))?.val())),
    f("CDBL", 1, 1, |args| Ok(number::operand(arg(args, 0))?.val())),
    f("CINT", 1, 1, |args| whole(arg(args, 0), "the number").map(Val::Int)),
    f("CBOOL", 1, 1, boolean),
    f("EXTRACT_BETWEEN", 3, 3, extract_between),
    f("EXTRACT_BEFORE", 2, 2, extract_before),
    f("EXTRACT_AFTER", 2, 2, extract_after),
    f("HASH", 1, 1, hash),
    f("ISNUMERIC", 1, 1, is_numeric),
    f("IS_NUMERIC", 1, 1, is_numeric),
];

fn len(args: &[Val]) -> Outcome<Val> {
    Ok(match arg(args, 0) {
        Val::List(list) => list.len().into(),
        Val::Object(object) => object.len().into(),
        other => other.print()?.chars().count().into(),
    })
}

fn count(value: &Val) -> Outcome<usize> {
    Ok(usize::try_from(whole(value, "the length")?).unwrap_or(0))
}

fn left(args: &[Val]) -> Outcome<Val> {
    let keep = count(arg(args, 1))?;
    Ok(Val::text(arg(args, 0).print()?.chars().take(keep).collect::<String>()))
}

fn right(args: &[Val]) -> Outcome<Val> {
    let text = arg(args, 0).print()?;
    let skip = text.chars().count().saturating_sub(count(arg(args, 1))?);
    Ok(Val::text(text.chars().skip(skip).collect::<String>()))
}

/// A part of a text from a position counted from 1, or of a list from an index counted from 0.
fn mid(args: &[Val]) -> Outcome<Val> {
    let start = whole(arg(args, 1), "the start")?;
    let length = if args.len() > 2 {
        count(arg(args, 2))?
    } else {
        usize::MAX
    };
    if let Val::List(list) = arg(args, 0) {
        let start = usize::try_from(start).unwrap_or(0);
        return Ok(Val::List(List::new(
            list.iter().skip(start).take(length).cloned().collect(),
        )?));
    }
    let start = usize::try_from(start - 1).unwrap_or(0);
    Ok(Val::text(
        arg(args, 0)
            .print()?
            .chars()
            .skip(start)
            .take(length)
            .collect::<String>(),
    ))
}

fn substr(args: &[Val]) -> Outcome<Val> {
    let start = count(arg(args, 1))?;
    let length = if args.len() > 2 {
        count(arg(args, 2))?
    } else {
        usize::MAX
    };
    Ok(Val::text(
        arg(args, 0)
            .print()?
            .chars()
            .skip(start)
            .take(length)
            .collect::<String>(),
    ))
}

fn at(args: &[Val]) -> Outcome<Val> {
    let letter = arg(args, 0).print()?.chars().nth(count(arg(args, 1))?);
    Ok(letter.map_or(Val::Null, |letter| Val::text(letter.to_string())))
}

fn upper(args: &[Val]) -> Outcome<Val> {
    Ok(Val::text(arg(args, 0).print()?.to_uppercase()))
}

fn lower(args: &[Val]) -> Outcome<Val> {
    Ok(Val::text(arg(args, 0).print()?.to_lowercase()))
}

fn capitalize(args: &[Val]) -> Outcome<Val> {
    let text = arg(args, 0).print()?;
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string())
        .unwrap_or_default();
    Ok(Val::text(first + letters.as_str()))
}

fn edit(args: &[Val], edit: impl Fn(&str) -> &str) -> Outcome<Val> {
    Ok(Val::text(edit(&arg(args, 0).print()?)))
}

fn replace(args: &[Val]) -> Outcome<Val> {
    let (text, from, to) = (arg(args, 0).print()?, arg(args, 1).print()?, arg(args, 2).print()?);
    if from.is_empty() {
        return Ok(Val::Text(text));
    }
    let found = text.matches(from.as_str()).count();
    check_text(text.len().saturating_add(found.saturating_mul(to.len())))?;
    Ok(Val::text(text.replace(from.as_str(), &to)))
}

fn instr(args: &[Val]) -> Outcome<Val> {
    let (start, text, part) = match args {
        [start, text, part] => (whole(start, "the start")?, text.print()?, part.print()?),
        _ => (1, arg(args, 0).print()?, arg(args, 1).print()?),
    };
    if part.is_empty() {
        return Ok(Val::Int(0));
    }
    let skip = usize::try_from(start - 1).unwrap_or(0);
    let offset = text.char_indices().nth(skip).map_or(text.len(), |(offset, _)| offset);
    let rest = text.get(offset..).unwrap_or_default();
    let found = rest.find(part.as_str()).and_then(|at| rest.get(..at));
    Ok(found.map_or(Val::Int(0), |before| (before.chars().count() + skip + 1).into()))
}

fn split(args: &[Val]) -> Outcome<Val> {
    let text = arg(args, 0).print()?;
    let separator = if args.len() > 1 {
        arg(args, 1).print()?
    } else {
        ",".into()
    };
    if text.is_empty() {
        return Ok(Val::List(List::default()));
    }
    let parts: Vec<Val> = if separator.is_empty() {
        text.chars().map(|letter| Val::text(letter.to_string())).collect()
    } else {
        text.split(separator.as_str()).map(Val::from).collect()
    };
    Ok(Val::List(List::new(parts)?))
}

fn repeat(args: &[Val]) -> Outcome<Val> {
    let (text, times) = (arg(args, 0).print()?, count(arg(args, 1))?);
    check_text(text.len().saturating_mul(times))?;
    Ok(Val::text(text.repeat(times)))
}

fn asc(args: &[Val]) -> Outcome<Val> {
    Ok(Val::Int(
        arg(args, 0)
            .print()?
            .chars()
            .next()
            .map_or(0, |letter| i64::from(u32::from(letter))),
    ))
}

fn chr(args: &[Val]) -> Outcome<Val> {
    let code = whole(arg(args, 0), "the code")?;
    let letter = u32::try_from(code).ok().and_then(char::from_u32);
    letter
        .map(|letter| Val::text(letter.to_string()))
        .ok_or_else(|| misfit(format!("{code} is no character's code")))
}

/// The number that a text begins with, else 0.
fn val(args: &[Val]) -> Outcome<Val> {
    let Val::Text(text) = arg(args, 0) else {
        return Ok(number::operand(arg(args, 0))?.val());
    };
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|(at, letter)| !(letter.is_ascii_digit() || *letter == '.' || *at == 0 && matches!(letter, '-' | '+')))
        .map_or(text.len(), |(at, _)| at);
    let mut digits = text.get(..end).unwrap_or_default();
    while !digits.is_empty() {
        if let Some(number) = number::parse(digits.trim_end_matches('.')) {
            return Ok(number.val());
        }
        digits = digits.get(..digits.len() - 1).unwrap_or_default();
    }
    Ok(Val::Int(0))
}

#[expect(clippy::unnecessary_wraps, reason = "functions of the library share one signature")]
fn boolean(args: &[Val]) -> Outcome<Val> {
    let value = arg(args, 0);
    let Val::Text(text) = value else {
        return Ok(Val::Bool(value.is_true()));
    };
    let negative = ["", "false", "no", "0", "off", "null"]
        .iter()
        .any(|word| text.trim().eq_ignore_ascii_case(word));
    Ok(Val::Bool(!negative))
}

fn extract_between(args: &[Val]) -> Outcome<Val> {
    let (text, from, to) = (arg(args, 0).print()?, arg(args, 1).print()?, arg(args, 2).print()?);
    let found = text
        .split_once(from.as_str())
        .and_then(|(_, rest)| rest.split_once(to.as_str()));
    Ok(Val::text(found.map_or("", |(between, _)| between)))
}

fn extract_before(args: &[Val]) -> Outcome<Val> {
    let (text, mark) = (arg(args, 0).print()?, arg(args, 1).print()?);
    Ok(Val::text(
        text.split_once(mark.as_str()).map_or("", |(before, _)| before),
    ))
}

fn extract_after(args: &[Val]) -> Outcome<Val> {
    let (text, mark) = (arg(args, 0).print()?, arg(args, 1).print()?);
    Ok(Val::text(text.split_once(mark.as_str()).map_or("", |(_, after)| after)))
}

fn hash(args: &[Val]) -> Outcome<Val> {
    let digest = Sha256::digest(arg(args, 0).print()?.as_bytes());
    Ok(Val::text(number::hexadecimal(digest.iter())))
}

#[expect(clippy::unnecessary_wraps, reason = "functions of the library share one signature")]
fn is_numeric(args: &[Val]) -> Outcome<Val> {
    Ok(Val::Bool(match arg(args, 0) {
        Val::Int(_) | Val::Decimal(_) => true,
        Val::Text(text) => matches!(number::parse(text), Some(Number::Int(_) | Number::Decimal(_))),
        _ => false,
    }))
}
