//! Numbers, amounts, times and telephone numbers, as people write them.

use chrono::{NaiveTime, Timelike};
use rust_decimal::Decimal;

use crate::basic::{
    format::language,
    number::{Number, round},
    value::Val,
};

/// A whole number; points and commas only between groups of three digits.
pub(super) fn integer(text: &str) -> Option<i64> {
    let compact: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let (sign, digits) = match compact.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", compact.strip_prefix('+').unwrap_or(&compact)),
    };
    let separator = digits.chars().find(|letter| matches!(letter, '.' | ',' | '\''));
    if let Some(separator) = separator {
        let mut groups = digits.split(separator);
        let first = groups.next()?;
        if first.is_empty() || first.len() > 3 || !groups.all(|group| group.len() == 3) {
            return None;
        }
    }
    let plain: String = digits.chars().filter(|letter| Some(*letter) != separator).collect();
    if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{sign}{plain}").parse().ok()
}

/// An amount with a point or a comma before its decimals, with or without a sign of currency.
pub(crate) fn amount(text: &str) -> Option<Decimal> {
    let mut plain = text.trim().to_owned();
    for sign in ["R$", "US$", "$", "€", "£", "¥"] {
        plain = plain.replace(sign, "");
    }
    let plain = plain.trim();
    let letters = plain.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = plain.get(letters.len()..)?;
    let known = [
        "", "reais", "real", "usd", "eur", "brl", "gbp", "euro", "euros", "dollars", "dollar", "pesos",
    ];
    if !known.iter().any(|word| unit.eq_ignore_ascii_case(word)) {
        return None;
    }
    let digits: String = letters.chars().filter(|letter| !letter.is_whitespace()).collect();
    let (point, comma) = (digits.rfind('.'), digits.rfind(','));
    let decimal = match (point, comma) {
        (Some(point), Some(comma)) => Some(point.max(comma)),
        (Some(at), None) | (None, Some(at)) => {
            let separator = if point.is_some() { '.' } else { ',' };
            let many = digits.matches(separator).count() > 1;
            let groups = digits.len() - at == 4 && separator == group_sign();
            if many || groups { None } else { Some(at) }
        }
        (None, None) => None,
    };
    let mut normal = String::new();
    for (at, letter) in digits.char_indices() {
        match letter {
            '.' | ',' if Some(at) == decimal => normal.push('.'),
            '.' | ',' => {}
            '-' | '+' if at == 0 => normal.push(letter),
            letter if letter.is_ascii_digit() => normal.push(letter),
            _ => return None,
        }
    }
    normal.parse().ok()
}

/// What stands between groups of three digits in the visitor's language.
fn group_sign() -> char {
    if matches!(language().as_str(), "pt" | "es" | "de" | "it" | "fr") {
        '.'
    } else {
        ','
    }
}

pub(super) fn two_decimals(number: Decimal) -> Val {
    Number::Decimal(round(number, 2)).val()
}

/// A time of day as `HH:MM`.
pub(super) fn hour(text: &str) -> Option<String> {
    let lower = text.to_lowercase().replace([' ', '.'], "");
    let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        _ => (lower.as_str(), None),
    };
    let clock = clock.trim_end_matches("hrs").trim_end_matches("min");
    let (hours, minutes) = clock.split_once([':', 'h']).unwrap_or((clock, "0"));
    let minutes: u32 = if minutes.is_empty() {
        0
    } else {
        minutes.split(':').next()?.parse().ok()?
    };
    let mut hours: u32 = hours.parse().ok()?;
    if let Some(offset) = half {
        if !(1..=12).contains(&hours) {
            return None;
        }
        hours = hours % 12 + offset;
    }
    let time = NaiveTime::from_hms_opt(hours, minutes, 0)?;
    Some(format!("{:02}:{:02}", time.hour(), time.minute()))
}

/// A telephone number of 10 to 15 digits.
pub(super) fn mobile(text: &str) -> Option<String> {
    if text
        .chars()
        .any(|letter| !(letter.is_ascii_digit() || " +-().".contains(letter)))
    {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    match (text.trim_start().starts_with('+'), digits.len(), language().as_str()) {
        (true, 10..=15, _) => Some(format!("+{digits}")),
        (false, 11, "pt") => Some(format!("({}) {}-{}", part(0, 2), part(2, 7), part(7, 11))),
        (false, 10, "pt") => Some(format!("({}) {}-{}", part(0, 2), part(2, 6), part(6, 10))),
        (false, 10, "en") => Some(format!("({}) {}-{}", part(0, 3), part(3, 6), part(6, 10))),
        (false, 10..=15, _) => Some(digits),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_take_separators_between_groups_of_three_only() {
        assert_eq!(
            [
                integer("1,234"),
                integer("1.234.567"),
                integer("-7"),
                integer("2.5"),
                integer("12,34")
            ],
            [Some(1234), Some(1_234_567), Some(-7), None, None]
        );
    }

    #[test]
    fn amounts_take_both_ways_of_writing() {
        for (text, expected) in [
            ("R$ 1.234,56", "1234.56"),
            ("$1,234.56", "1234.56"),
            ("12,5", "12.5"),
            ("1,234", "1234"),
            ("7 EUR", "7"),
        ] {
            assert_eq!(amount(text), Some(expected.parse().unwrap()), "{text}");
        }
        assert_eq!(amount("a lot"), None);
    }

    #[test]
    fn times_are_read_in_both_clocks() {
        assert_eq!(
            [hour("2:30 pm"), hour("14h30"), hour("9"), hour("12am"), hour("25:00")],
            [
                Some("14:30".to_owned()),
                Some("14:30".to_owned()),
                Some("09:00".to_owned()),
                Some("00:00".to_owned()),
                None
            ]
        );
    }
}
