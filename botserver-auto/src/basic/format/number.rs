//! Patterns for numbers: `#,##0.00`, `0%`, `R$ #,##0.00`, `n`, `F`, `N2[pt]`, `C2[en]`.

use rust_decimal::Decimal;

use crate::basic::number::round;

/// What a pattern says about a number.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one sign of a pattern, there or not"
)]
pub(super) struct Style {
    prefix: String,
    suffix: String,
    whole: usize,
    decimals: (usize, usize),
    grouped: bool,
    percent: bool,
    plus: bool,
    currency: bool,
    /// The language whose separators are used; nothing means `1,234.50` as the pattern itself is written.
    language: Option<String>,
    /// The pattern after `;`, for negative numbers.
    negative: Option<Box<Style>>,
}

/// The style of `pattern`, if it is one for numbers.
pub(super) fn style(pattern: &str) -> Option<Style> {
    named(pattern).or_else(|| masked(pattern))
}

/// `n`, `F2`, `C2[en]`, `P`: a letter, a number of decimals and a language.
fn named(pattern: &str) -> Option<Style> {
    let (name, language) = match pattern.split_once('[') {
        Some((name, language)) => (name, Some(language.strip_suffix(']')?.to_lowercase())),
        None => (pattern, None),
    };
    let mut letters = name.trim().chars();
    let letter = letters.next()?.to_ascii_lowercase();
    let digits = letters.as_str();
    let decimals = if digits.is_empty() {
        2
    } else {
        digits.parse::<usize>().ok()?.min(28)
    };
    if !matches!(letter, 'n' | 'f' | 'c' | 'p') {
        return None;
    }
    Some(Style {
        prefix: String::new(),
        suffix: String::new(),
        whole: 1,
        decimals: (decimals, decimals),
        grouped: letter != 'f',
        percent: letter == 'p',
        plus: false,
        currency: letter == 'c',
        language: Some(language.unwrap_or_default()),
        negative: None,
    })
}

fn masked(pattern: &str) -> Option<Style> {
    let (pattern, negative) = match pattern.split_once(';') {
        Some((pattern, negative)) => (pattern, masked(negative).map(Box::new)),
        None => (pattern, None),
    };
    let start = pattern.find(['#', '0'])?;
    let mask_end = |text: &str| {
        text.find(|letter| !matches!(letter, '#' | '0' | ',' | '.'))
            .unwrap_or(text.len())
    };
    let rest = pattern.get(start..)?;
    let end = mask_end(rest);
    let mask = rest.get(..end)?.trim_end_matches([',', '.']);
    let (whole, fraction) = mask.split_once('.').unwrap_or((mask, ""));
    let prefix = pattern.get(..start)?;
    let plus = prefix.ends_with('+');
    let suffix = rest.get(mask.len()..)?;
    Some(Style {
        prefix: prefix.strip_suffix('+').unwrap_or(prefix).to_owned(),
        suffix: suffix.to_owned(),
        whole: whole.matches('0').count(),
        decimals: (fraction.matches('0').count(), fraction.len().min(28)),
        grouped: whole.contains(','),
        percent: suffix.contains('%'),
        plus,
        currency: false,
        language: None,
        negative,
    })
}

/// The number in that style; `visitor` is the language of styles that name none.
pub(super) fn format(number: Decimal, style: &Style, visitor: &str) -> String {
    let number = if style.percent {
        number.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(number)
    } else {
        number
    };
    let (low, high) = style.decimals;
    let rounded = round(number, u32::try_from(high).unwrap_or(28));
    let minus = rounded.is_sign_negative() && !rounded.is_zero();
    if let (true, Some(negative)) = (minus, &style.negative) {
        return format(rounded.abs(), negative, visitor);
    }
    let language = match style.language.as_deref() {
        None => "en",
        Some("") => visitor,
        Some(language) => language.split(['-', '_']).next().unwrap_or(language),
    };
    let (group, point) = separators(language);
    let plain = rounded.abs().normalize().to_string();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut digits = format!("{whole:0>width$}", width = style.whole.max(1));
    if style.grouped {
        digits = grouped(&digits, group);
    }
    let mut fraction = fraction.to_owned();
    while fraction.len() < low {
        fraction.push('0');
    }
    let mut text = String::new();
    if minus {
        text.push('-');
    } else if style.plus && !rounded.is_zero() {
        text.push('+');
    }
    let (before, after) = if style.currency { currency(language) } else { ("", "") };
    text.push_str(&style.prefix);
    text.push_str(before);
    text.push_str(&digits);
    if !fraction.is_empty() {
        text.push_str(point);
        text.push_str(&fraction);
    }
    text.push_str(after);
    text.push_str(&style.suffix);
    if style.percent && style.suffix.is_empty() {
        text.push('%');
    }
    text
}

fn grouped(digits: &str, separator: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}

fn separators(language: &str) -> (&'static str, &'static str) {
    match language {
        "pt" | "de" | "es" | "it" | "nl" => (".", ","),
        "fr" => ("\u{202f}", ","),
        _ => (",", "."),
    }
}

fn currency(language: &str) -> (&'static str, &'static str) {
    match language {
        "pt" => ("R$ ", ""),
        "de" | "fr" | "es" | "it" | "nl" => ("", " €"),
        _ => ("$", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: &str, pattern: &str) -> String {
        format(number.parse().unwrap(), &style(pattern).unwrap(), "en")
    }

    #[test]
    fn patterns_say_how_a_number_looks() {
        let cases = [
            ("1234.5", "#,##0.00", "1,234.50"),
            ("1234567", "#,###", "1,234,567"),
            ("5", "#.##", "5"),
            ("0.256", "0%", "26%"),
            ("-5", "R$ #,##0.00", "-R$ 5.00"),
            ("2.345", "+#.#", "+2.3"),
            ("7", "000", "007"),
            ("0.125", "#0.0#", "0.13"),
            ("1234.5", "n", "1,234.50"),
            ("1234.5", "F", "1234.50"),
            ("1234.5", "N2[pt]", "1.234,50"),
            ("1234.5", "C2[en]", "$1,234.50"),
            ("1234.5", "C2[pt]", "R$ 1.234,50"),
            ("-3", "#,##0;(#,##0)", "(3)"),
        ];
        for (number, pattern, expected) in cases {
            assert_eq!(shown(number, pattern), expected, "{number} as {pattern}");
        }
    }
}
