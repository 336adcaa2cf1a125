//! Functions for numbers, and the random ones, which replay with the run's seed.

use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{Function, arg, f, volatile};
use crate::basic::{
    number::{self, Number, from_float, operand, round, too_large, whole},
    operators, path, run,
    tree::Arith,
    value::{Outcome, Val, misfit},
};

pub(super) const FUNCTIONS: &[Function] = &[
    f("ABS", 1, 1, |args| decimal(args, |number| number.abs())),
    f("INT", 1, 1, |args| decimal(args, |number| number.floor())),
    f("FIX", 1, 1, |args| decimal(args, |number| number.trunc())),
    f("FLOOR", 1, 1, |args| decimal(args, |number| number.floor())),
    f("CEIL", 1, 1, |args| decimal(args, |number| number.ceil())),
    f("CEILING", 1, 1, |args| decimal(args, |number| number.ceil())),
    f("ROUND", 1, 2, rounded),
    f("SGN", 1, 1, sign),
    f("SQR", 1, 1, root),
    f("SQRT", 1, 1, root),
    f("POW", 2, 2, |args| {
        operators::calculate(Arith::Power, arg(args, 0).clone(), arg(args, 1))
    }),
    f("POWER", 2, 2, |args| {
        operators::calculate(Arith::Power, arg(args, 0).clone(), arg(args, 1))
    }),
    f("MOD", 2, 2, |args| {
        operators::calculate(Arith::Modulo, arg(args, 0).clone(), arg(args, 1))
    }),
    f("EXP", 1, 1, |args| float(args, f64::exp)),
    f("LOG", 1, 1, |args| float(args, f64::ln)),
    f("LOG10", 1, 1, |args| float(args, f64::log10)),
    f("SIN", 1, 1, |args| float(args, f64::sin)),
    f("COS", 1, 1, |args| float(args, f64::cos)),
    f("TAN", 1, 1, |args| float(args, f64::tan)),
    f("ASIN", 1, 1, |args| float(args, f64::asin)),
    f("ACOS", 1, 1, |args| float(args, f64::acos)),
    f("ATAN", 1, 1, |args| float(args, f64::atan)),
    f("ATN", 1, 1, |args| float(args, f64::atan)),
    f("PI", 0, 0, |_| from_float(std::f64::consts::PI)),
    f("MIN", 1, super::MANY, |args| extreme(args, std::cmp::Ordering::Less)),
    f("MAX", 1, super::MANY, |args| extreme(args, std::cmp::Ordering::Greater)),
    f("SUM", 1, 2, |args| Ok(sum(args)?.0.val())),
    f("AVG", 1, 2, average),
    f("AVERAGE", 1, 2, average),
    volatile("RANDOM", 0, 2, random),
    volatile("RND", 0, 1, random),
];

fn decimal(args: &[Val], apply: impl Fn(Decimal) -> Decimal) -> Outcome<Val> {
    Ok(Number::Decimal(apply(operand(arg(args, 0))?.decimal())).val())
}

fn float(args: &[Val], apply: impl Fn(f64) -> f64) -> Outcome<Val> {
    from_float(apply(operand(arg(args, 0))?.float()))
}

fn rounded(args: &[Val]) -> Outcome<Val> {
    let number = operand(arg(args, 0))?.decimal();
    let digits = whole(arg(args, 1), "the number of digits")?;
    if let Ok(digits) = u32::try_from(digits) {
        return Ok(Number::Decimal(round(number, digits.min(28))).val());
    }
    let unit = Decimal::from(
        10_i64
            .checked_pow(u32::try_from(-digits).unwrap_or(99))
            .ok_or_else(too_large)?,
    );
    Ok(Number::Decimal(round(number / unit, 0) * unit).val())
}

fn sign(args: &[Val]) -> Outcome<Val> {
    let number = operand(arg(args, 0))?.decimal();
    Ok(Val::Int(if number.is_zero() {
        0
    } else {
        1 - 2 * i64::from(number.is_sign_negative())
    }))
}

fn root(args: &[Val]) -> Outcome<Val> {
    let number = operand(arg(args, 0))?.float();
    if number < 0.0 {
        return Err(misfit("a negative number has no square root"));
    }
    from_float(number.sqrt())
}

/// The elements of one list, or of its rows one field; else the arguments themselves.
fn elements(args: &[Val]) -> Outcome<Vec<Val>> {
    match args {
        [Val::List(list)] => Ok(list.to_vec()),
        [Val::List(list), field @ Val::Text(_)] => list.iter().map(|row| path::get(row, field)).collect(),
        [Val::Null] | [Val::Null, Val::Text(_)] => Ok(Vec::new()),
        other => Ok(other.to_vec()),
    }
}

fn extreme(args: &[Val], wanted: std::cmp::Ordering) -> Outcome<Val> {
    let mut best = Val::Null;
    for item in elements(args)? {
        if best.is_null() || operators::order(&item, &best) == Some(wanted) {
            best = item;
        }
    }
    Ok(best)
}

fn sum(args: &[Val]) -> Outcome<(Number, usize)> {
    let items = elements(args)?;
    let mut total = Decimal::ZERO;
    for item in &items {
        total = total.checked_add(operand(item)?.decimal()).ok_or_else(too_large)?;
    }
    Ok((Number::Decimal(total), items.len()))
}

fn average(args: &[Val]) -> Outcome<Val> {
    let (total, count) = sum(args)?;
    if count == 0 {
        return Ok(Val::Int(0));
    }
    Ok(Number::Decimal(total.decimal() / Decimal::from(count)).val())
}

/// `RANDOM()` from 0 to below 1, `RANDOM(max)` from 0 to below max, `RANDOM(min, max)` with both ends.
fn random(args: &[Val]) -> Outcome<Val> {
    let drawn = run::random();
    match args {
        [] => {
            let millionths = Decimal::from(drawn >> 11) / Decimal::from(1_u64 << 53);
            Ok(Val::Decimal(number::round(millionths, 15)))
        }
        [max] => {
            let max = whole(max, "the limit")?;
            Ok(Val::Int(within(drawn, 0, max.saturating_sub(1))))
        }
        _ => Ok(Val::Int(within(
            drawn,
            whole(arg(args, 0), "the minimum")?,
            whole(arg(args, 1), "the maximum")?,
        ))),
    }
}

fn within(drawn: u64, low: i64, high: i64) -> i64 {
    if high <= low {
        return low;
    }
    let span = (i128::from(high) - i128::from(low) + 1).unsigned_abs();
    let offset = (u128::from(drawn) * span) >> 64;
    (i128::from(low) + offset.to_i128().unwrap_or(0))
        .to_i64()
        .unwrap_or(low)
}
