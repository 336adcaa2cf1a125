//! What operators do with values.

use std::cmp::Ordering;

use botstate::dialog::Fault;
use chrono::{NaiveTime, TimeDelta};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{
    dates,
    number::{self, Number},
    tree::Arith,
    value::{List, Outcome, Val, check_text, misfit},
};

/// The result of a calculating operator.
pub(crate) fn calculate(operator: Arith, left: Val, right: &Val) -> Outcome<Val> {
    match operator {
        Arith::Add => add(left, right),
        Arith::Concat => concat(&left, right),
        Arith::Subtract => subtract(&left, right),
        _ => arithmetic(operator, number::operand(&left)?, number::operand(right)?),
    }
}

fn add(left: Val, right: &Val) -> Outcome<Val> {
    Ok(match (left, right) {
        (Val::Int(a), Val::Int(b)) => return arithmetic(Arith::Add, Number::Int(a), Number::Int(*b)),
        (Val::List(mut list), Val::List(other)) => {
            for item in other.iter() {
                list.push(item.clone())?;
            }
            Val::List(list)
        }
        (Val::List(mut list), other) => {
            list.push(other.clone())?;
            Val::List(list)
        }
        (left, right) if matches!(left, Val::Text(_)) || matches!(right, Val::Text(_)) => concat(&left, right)?,
        (left @ (Val::Date(_) | Val::DateTime(_)), right) => dates::shift(&left, seconds(right)?)?,
        (left, right @ (Val::Date(_) | Val::DateTime(_))) if !left.is_null() => dates::shift(right, seconds(&left)?)?,
        (Val::Null, right @ (Val::Date(_) | Val::DateTime(_) | Val::List(_) | Val::Object(_))) => right.clone(),
        (Val::Duration(a), right) => Val::Duration(a.checked_add(&seconds(right)?).ok_or_else(number::too_large)?),
        (left, Val::Duration(b)) => Val::Duration(b.checked_add(&seconds(&left)?).ok_or_else(number::too_large)?),
        (left, right) => {
            if matches!(left, Val::Object(_) | Val::File(_) | Val::Secret(_)) {
                return concat(&left, right);
            }
            return arithmetic(Arith::Add, number::operand(&left)?, number::operand(right)?);
        }
    })
}

fn concat(left: &Val, right: &Val) -> Outcome<Val> {
    let (left, right) = (left.print()?, right.print()?);
    check_text(left.len() + right.len())?;
    let mut text = String::with_capacity(left.len() + right.len());
    text.push_str(&left);
    text.push_str(&right);
    Ok(Val::text(text))
}

fn subtract(left: &Val, right: &Val) -> Outcome<Val> {
    Ok(match (left, right) {
        (Val::Date(_) | Val::DateTime(_), Val::Date(_) | Val::DateTime(_)) => {
            Val::Duration(dates::moment(left)?.signed_duration_since(dates::moment(right)?))
        }
        (Val::Date(_) | Val::DateTime(_), right) => dates::shift(left, -seconds(right)?)?,
        (Val::Duration(a), right) => Val::Duration(a.checked_sub(&seconds(right)?).ok_or_else(number::too_large)?),
        (left, Val::Duration(b)) => Val::Duration(seconds(left)?.checked_sub(b).ok_or_else(number::too_large)?),
        _ => return arithmetic(Arith::Subtract, number::operand(left)?, number::operand(right)?),
    })
}

fn seconds(value: &Val) -> Outcome<TimeDelta> {
    if let Val::Duration(span) = value {
        return Ok(*span);
    }
    let millis =
        (number::operand(value)?.decimal().checked_mul(Decimal::ONE_THOUSAND)).ok_or_else(number::too_large)?;
    let millis = Number::Decimal(millis).round().ok_or_else(number::too_large)?;
    TimeDelta::try_milliseconds(millis).ok_or_else(number::too_large)
}

fn by_zero() -> Fault {
    misfit("division by zero").hint("check the divisor with IF before dividing")
}

fn arithmetic(operator: Arith, left: Number, right: Number) -> Outcome<Val> {
    if let (Number::Int(a), Number::Int(b)) = (left, right) {
        let whole = match operator {
            Arith::Add => a.checked_add(b),
            Arith::Subtract => a.checked_sub(b),
            Arith::Multiply => a.checked_mul(b),
            Arith::Divide if b != 0 && a.checked_rem(b) == Some(0) => a.checked_div(b),
            Arith::Modulo if b == 0 => Some(0),
            Arith::Modulo => a.checked_rem(b),
            Arith::Power => u32::try_from(b).ok().and_then(|exponent| a.checked_pow(exponent)),
            _ => None,
        };
        if let Some(whole) = whole {
            return Ok(Val::Int(whole));
        }
    }
    let (a, b) = (left.decimal(), right.decimal());
    let result = match operator {
        Arith::Add | Arith::Concat => a.checked_add(b),
        Arith::Subtract => a.checked_sub(b),
        Arith::Multiply => a.checked_mul(b),
        Arith::Divide if b.is_zero() => return Err(by_zero()),
        Arith::Divide => a.checked_div(b),
        Arith::Modulo if b.is_zero() => Some(Decimal::ZERO),
        Arith::Modulo => a.checked_rem(b),
        Arith::Power => {
            return match power(a, b) {
                Some(exact) => Ok(Number::Decimal(exact).val()),
                None => number::from_float(left.float().powf(right.float())),
            };
        }
    };
    Ok(Number::Decimal(result.ok_or_else(number::too_large)?).val())
}

/// A power with a whole exponent, computed in decimals, so that money compounds without a float's surprises.
fn power(base: Decimal, exponent: Decimal) -> Option<Decimal> {
    if !exponent.is_integer() {
        return None;
    }
    let exponent = exponent.to_i64()?;
    let mut left = u32::try_from(exponent.unsigned_abs())
        .ok()
        .filter(|count| *count <= 4096)?;
    let (mut result, mut square) = (Decimal::ONE, base);
    while left > 0 {
        if left & 1 == 1 {
            result = result.checked_mul(square)?;
        }
        left >>= 1;
        if left > 0 {
            square = square.checked_mul(square)?;
        }
    }
    if exponent < 0 {
        return Decimal::ONE.checked_div(result);
    }
    Some(result)
}

/// The value with its sign changed.
pub(crate) fn negate(value: &Val) -> Outcome<Val> {
    match value {
        Val::Duration(span) => Ok(Val::Duration(-*span)),
        other => arithmetic(Arith::Subtract, Number::Int(0), number::operand(other)?),
    }
}

/// The number that a value is compared as, if it looks like one.
fn numeric(value: &Val) -> Option<Number> {
    match value {
        Val::Int(number) => Some(Number::Int(*number)),
        Val::Decimal(number) => Some(Number::Decimal(*number)),
        Val::Bool(flag) => Some(Number::Int(i64::from(*flag))),
        Val::Duration(span) => Some(Number::Int(span.num_seconds())),
        Val::Text(text) => number::looks_numeric(text),
        _ => None,
    }
}

fn dated(value: &Val) -> bool {
    matches!(value, Val::Date(_) | Val::DateTime(_))
}

/// `=`: numbers when both look like numbers, else texts; null equals null, an empty text and an empty row set.
pub(crate) fn equal(left: &Val, right: &Val) -> bool {
    match (left, right) {
        (Val::Int(a), Val::Int(b)) => a == b,
        (Val::Bool(a), Val::Bool(b)) => a == b,
        (Val::Text(a), Val::Text(b)) if a == b => true,
        (a, b) if a.is_null() || b.is_null() => nothing(a) && nothing(b),
        (Val::List(a), Val::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        (Val::Object(a), Val::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, value)| b.get(name).is_some_and(|other| equal(value, other)))
        }
        (Val::Secret(a), Val::Secret(b)) => a.expose() == b.expose(),
        (Val::List(_) | Val::Object(_) | Val::Secret(_), _) | (_, Val::List(_) | Val::Object(_) | Val::Secret(_)) => {
            false
        }
        (Val::Bool(flag), Val::Text(text)) | (Val::Text(text), Val::Bool(flag)) => {
            text.as_str() == if *flag { "true" } else { "false" }
                || numeric(&Val::Bool(*flag)).is_some_and(|number| {
                    number::looks_numeric(text).is_some_and(|other| other.decimal() == number.decimal())
                })
        }
        (a, b) if dated(a) || dated(b) => match (dates::moment(a), dates::moment(b)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        },
        (a, b) => match (numeric(a), numeric(b)) {
            (Some(a), Some(b)) => a.decimal() == b.decimal(),
            _ => matches!((a.print(), b.print()), (Ok(a), Ok(b)) if a == b),
        },
    }
}

fn nothing(value: &Val) -> bool {
    value.is_null() || matches!(value, Val::Text(text) if text.is_empty())
}

/// How two values are ordered; nothing when one is null or they cannot be compared.
pub(crate) fn order(left: &Val, right: &Val) -> Option<Ordering> {
    if let (Val::Int(a), Val::Int(b)) = (left, right) {
        return Some(a.cmp(b));
    }
    if left.is_null() || right.is_null() {
        return None;
    }
    if dated(left) || dated(right) {
        return Some(dates::moment(left).ok()?.cmp(&dates::moment(right).ok()?));
    }
    if let (Some(a), Some(b)) = (numeric(left), numeric(right)) {
        return Some(a.decimal().cmp(&b.decimal()));
    }
    match (left, right) {
        (Val::List(_) | Val::Object(_) | Val::Secret(_), _) | (_, Val::List(_) | Val::Object(_) | Val::Secret(_)) => {
            None
        }
        _ => Some(left.print().ok()?.cmp(&right.print().ok()?)),
    }
}

/// `value IN list`: an element of a list, a name of an object, a part of a text.
pub(crate) fn contains(whole: &Val, part: &Val) -> Outcome<bool> {
    Ok(match whole {
        Val::Null => false,
        Val::List(list) => list.iter().any(|item| equal(item, part)),
        Val::Object(object) => object.get(&part.print()?).is_some(),
        other => {
            let part = part.print()?;
            other.print()?.contains(part.as_str())
        }
    })
}

/// LIKE: `%` and `*` stand for anything, `_` and `?` for one character, in any letter case; a pattern without any
/// of them is looked for inside.
pub(crate) fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    if !pattern.iter().any(|letter| matches!(letter, '%' | '*' | '_' | '?')) {
        pattern.insert(0, '%');
        pattern.push('%');
    }
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(letter) = text.get(at) {
        match pattern.get(of) {
            Some('%' | '*') => {
                star = Some((of, at));
                of += 1;
            }
            Some(wanted) if matches!(wanted, '_' | '?') || wanted == letter => {
                at += 1;
                of += 1;
            }
            _ => match &mut star {
                Some((pattern_at, text_at)) => {
                    *text_at += 1;
                    at = *text_at;
                    of = *pattern_at + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(of..)
        .unwrap_or_default()
        .iter()
        .all(|letter| matches!(letter, '%' | '*'))
}

/// The values that FOR EACH walks through: elements of a list, names of an object; of them the last `last`.
pub(crate) fn each(value: &Val, keep: Option<&Val>) -> Outcome<List> {
    let items = match value {
        Val::Null => List::default(),
        Val::List(items) => items.clone(),
        Val::Object(object) => List::new(object.iter().map(|(name, _)| Val::Text(name.clone())).collect())?,
        other => {
            return Err(misfit(format!("FOR EACH needs a list, not {}", other.type_name()))
                .hint("SPLIT(text, \",\") makes a list of a text"));
        }
    };
    let Some(keep) = keep else { return Ok(items) };
    let keep = usize::try_from(number::whole(keep, "LAST")?).unwrap_or(0);
    if keep >= items.len() {
        return Ok(items);
    }
    List::new(items.iter().skip(items.len() - keep).cloned().collect())
}

/// Midnight, which a day begins with.
pub(crate) const MIDNIGHT: NaiveTime = NaiveTime::MIN;

/// Texts at even places with one value between each two: `t` adds a text, `v` a value, `p` such a list.
pub(crate) fn parts(letters: &str, items: Vec<Val>) -> Outcome<Val> {
    let mut list: Vec<Val> = Vec::with_capacity(2 * items.len() + 1);
    let mut text = String::new();
    for (letter, item) in letters.chars().zip(items) {
        match item {
            Val::List(inner) if letter == 'p' => {
                for (place, part) in inner.iter().enumerate() {
                    if place % 2 == 0 {
                        text.push_str(&part.print()?);
                    } else {
                        list.push(Val::text(std::mem::take(&mut text)));
                        list.push(part.clone());
                    }
                }
            }
            value if letter == 'v' => {
                list.push(Val::text(std::mem::take(&mut text)));
                list.push(value);
            }
            code => text.push_str(&code.print()?),
        }
        check_text(text.len())?;
    }
    list.push(Val::text(text));
    List::new(list).map(Val::List)
}

/// The text that such a list spells.
pub(crate) fn joined(list: &Val) -> Outcome<Val> {
    let mut text = String::new();
    if let Val::List(list) = list {
        for part in list.iter() {
            text.push_str(&part.print()?);
            check_text(text.len())?;
        }
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_texts_are_compared_as_numbers_but_codes_are_not() {
        let text = |text: &str| Val::text(text);

        assert!(equal(&text("5.0"), &text("5")));
        assert!(equal(&text("10"), &Val::Int(10)));
        assert!(!equal(&text("012345"), &text("12345")));
        assert!(!equal(&text("+5"), &Val::Int(5)));
    }

    #[test]
    fn null_is_less_than_nothing() {
        assert_eq!(order(&Val::Null, &Val::Int(1)), None);
    }

    #[test]
    fn like_without_a_wildcard_means_contains() {
        assert!(like("A Red Car", "red") && like("abc", "a%c") && like("abc", "?b*") && !like("abc", "b%"));
    }
}
