//! Amounts of money, to the last digit.
//!
//! Prices of models are stated in US dollars per million tokens, with at most six decimals. A token then costs a whole
//! number of millionths of a millionth of a dollar, so sums of calls are sums of whole numbers and never drift.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, Sub},
    str::FromStr,
};

/// Units of a dollar.
const DOLLAR: i64 = 1_000_000_000_000;

/// Decimals of a dollar.
const DECIMALS: usize = 12;

/// Amounts that can be given are smaller, in dollars.
const LARGEST: i64 = 9_000_000;

/// Digits before the point at most.
const DIGITS: usize = 7;

/// An amount in US dollars. Sums that are too large stay at the largest amount there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many millionths of a millionth of a dollar, as databases keep them.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The amount in millionths of a millionth of a dollar.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// What so many tokens cost at a price in dollars per million tokens.
    pub(crate) fn of_tokens(tokens: u32, per_million: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the conversion from float saturates, and what is no number becomes 0"
        )]
        let each = (per_million * 1e6).round() as i64;
        Self(each.saturating_mul(i64::from(tokens)))
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// The amount in dollars, without zeros at its end.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (
            self.0.unsigned_abs() / DOLLAR.unsigned_abs(),
            self.0.unsigned_abs() % DOLLAR.unsigned_abs(),
        );
        let digits = format!("{part:012}");
        match digits.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            digits => write!(f, "{sign}{whole}.{digits}"),
        }
    }
}

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount of US dollars such as 12.50, less than 9000000")]
pub struct NoAmount;

impl FromStr for Money {
    type Err = NoAmount;

    fn from_str(text: &str) -> Result<Self, NoAmount> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(part) || whole.len() > DIGITS || part.len() > DECIMALS {
            return Err(NoAmount);
        }
        let whole: i64 = whole.parse().map_err(|_too_long| NoAmount)?;
        let part: i64 = format!("{part:0<DECIMALS$}").parse().map_err(|_too_long| NoAmount)?;
        if whole >= LARGEST {
            return Err(NoAmount);
        }
        Ok(Self(whole * DOLLAR + part))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Price, Usage};

    use super::*;

    #[test]
    fn amounts_are_written_as_they_are_read() {
        for text in ["0", "12.5", "0.000000000001", "8999999", "3.07"] {
            assert_eq!(text.parse::<Money>().unwrap().to_string(), text);
        }
        assert_eq!("1.50".parse::<Money>().unwrap().to_string(), "1.5");
        assert_eq!((Money::ZERO - "0.25".parse().unwrap()).to_string(), "-0.25");
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1e3",
            "9000000",
            "0.0000000000001",
            "99999999999999999999",
        ] {
            assert_eq!(text.parse::<Money>(), Err(NoAmount), "{text}");
        }
    }

    #[test]
    fn a_million_calls_cost_a_million_times_one() {
        let price = Price {
            input: 0.15,
            output: 0.6,
            cached: Some(0.075),
        };
        let usage = Usage {
            input_tokens: 1_001,
            output_tokens: 7,
            cached_tokens: 1_000,
            ..Usage::default()
        };

        let all: Money = (0..1_000_000).map(|_| price.of(&usage)).sum();

        assert_eq!(price.of(&usage).to_string(), "0.00007935");
        assert_eq!(all.to_string(), "79.35");
    }
}
