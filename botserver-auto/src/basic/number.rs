//! Numbers: whole ones, exact decimals, and texts that look like them.

use botstate::dialog::{Fault, FaultKind};
use rust_decimal::{
    Decimal, RoundingStrategy,
    prelude::{FromPrimitive, ToPrimitive},
};

use super::value::{Outcome, Val, misfit};

/// A number of a script: whole as long as it can be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Int(i64),
    Decimal(Decimal),
}

impl Number {
    pub(crate) fn decimal(self) -> Decimal {
        match self {
            Self::Int(number) => Decimal::from(number),
            Self::Decimal(number) => number,
        }
    }

    pub(crate) fn float(self) -> f64 {
        self.decimal().to_f64().unwrap_or(f64::NAN)
    }

    /// The nearest whole number, half away from zero.
    pub(crate) fn round(self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(number),
            Self::Decimal(number) => round(number, 0).to_i64(),
        }
    }

    /// The value: a whole decimal becomes an integer again.
    pub(crate) fn val(self) -> Val {
        match self {
            Self::Int(number) => Val::Int(number),
            Self::Decimal(number) => match number.to_i64() {
                Some(whole) if number.is_integer() => Val::Int(whole),
                _ => Val::Decimal(number.normalize()),
            },
        }
    }
}

/// Half away from zero, everywhere.
pub(crate) fn round(number: Decimal, digits: u32) -> Decimal {
    number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// The value of a floating-point result.
///
/// # Errors
/// A fault when it is no finite number or too large.
pub(crate) fn from_float(number: f64) -> Outcome<Val> {
    let decimal = Decimal::from_f64(number).ok_or_else(too_large)?;
    Ok(Number::Decimal(decimal).val())
}

pub(crate) fn too_large() -> Fault {
    Fault::new(FaultKind::Limit, "the result is no number that a script can hold")
        .hint("numbers have at most 28 digits")
}

/// The number that a text stands for under the rules of equality: no zeros or plus sign in front, at most 15
/// digits. Codes such as `007` stay text.
pub(crate) fn looks_numeric(text: &str) -> Option<Number> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > 16 || !digits.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    if digits.bytes().filter(u8::is_ascii_digit).count() > 15 {
        return None;
    }
    parse(text)
}

/// The number that a text can be read as.
pub(crate) fn parse(text: &str) -> Option<Number> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(Number::Int(number));
    }
    text.parse()
        .ok()
        .or_else(|| Decimal::from_scientific(text).ok())
        .map(Number::Decimal)
}

/// The number to calculate with: numeric text converts, null and empty text are 0.
pub(crate) fn operand(value: &Val) -> Outcome<Number> {
    match value {
        Val::Int(number) => Ok(Number::Int(*number)),
        Val::Decimal(number) => Ok(Number::Decimal(*number)),
        Val::Null => Ok(Number::Int(0)),
        Val::Bool(flag) => Ok(Number::Int(i64::from(*flag))),
        Val::Duration(span) => Ok(Number::Int(span.num_seconds())),
        Val::Text(text) if text.trim().is_empty() => Ok(Number::Int(0)),
        Val::Text(text) => parse(text).ok_or_else(|| {
            let shown: String = text.chars().take(32).collect();
            misfit(format!("{shown:?} is not a number")).hint("VAL(text) reads the number that a text begins with")
        }),
        other => Err(misfit(format!("a number is needed here, not {}", other.type_name()))),
    }
}

/// Bytes as text, two digits each.
pub(crate) fn hexadecimal<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The whole number in an argument.
pub(crate) fn whole(value: &Val, what: &str) -> Outcome<i64> {
    operand(value)?
        .round()
        .ok_or_else(|| misfit(format!("{what} is too large")))
}
