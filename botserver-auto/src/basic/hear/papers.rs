//! Numbers with check digits and postal codes.

fn digits(text: &str) -> Option<Vec<u32>> {
    if text
        .chars()
        .any(|letter| !(letter.is_ascii_digit() || " .-/".contains(letter)))
    {
        return None;
    }
    Some(text.chars().filter_map(|letter| letter.to_digit(10)).collect())
}

/// The check digit of Brazilian numbers: the weighted sum modulo 11.
fn check_digit(digits: &[u32], weights: impl Iterator<Item = u32>) -> u32 {
    let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

fn spell(digits: &[u32]) -> String {
    digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect()
}

/// A Brazilian person's number, as `123.456.789-09`.
pub(super) fn cpf(text: &str) -> Option<String> {
    let digits = digits(text)?;
    let first = *digits.first()?;
    if digits.len() != 11 || digits.iter().all(|digit| *digit == first) {
        return None;
    }
    let tenth = check_digit(digits.get(..9)?, (2..=10).rev());
    let eleventh = check_digit(digits.get(..10)?, (2..=11).rev());
    if digits.get(9..)? != [tenth, eleventh] {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).map(spell).unwrap_or_default();
    Some(format!("{}.{}.{}-{}", part(0, 3), part(3, 6), part(6, 9), part(9, 11)))
}

/// A Brazilian company's number, as `12.345.678/0001-95`.
pub(super) fn cnpj(text: &str) -> Option<String> {
    let digits = digits(text)?;
    let first = *digits.first()?;
    if digits.len() != 14 || digits.iter().all(|digit| *digit == first) {
        return None;
    }
    let weights = || (2..=9).rev().cycle();
    let thirteenth = check_digit(digits.get(..12)?, weights().skip(4));
    let fourteenth = check_digit(digits.get(..13)?, weights().skip(3));
    if digits.get(12..)? != [thirteenth, fourteenth] {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).map(spell).unwrap_or_default();
    Some(format!(
        "{}.{}.{}/{}-{}",
        part(0, 2),
        part(2, 5),
        part(5, 8),
        part(8, 12),
        part(12, 14)
    ))
}

/// A card's number by the Luhn sum: its brand and last four digits, never the rest.
pub(super) fn card(text: &str) -> Option<String> {
    let digits = digits(text)?;
    if !(13..=19).contains(&digits.len()) {
        return None;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match digit * (1 + u32::from(index % 2 == 1)) {
            doubled if doubled > 9 => doubled - 9,
            other => other,
        })
        .sum();
    if !sum.is_multiple_of(10) {
        return None;
    }
    let brand = match (digits.first(), digits.get(1)) {
        (Some(4), _) => "Visa",
        (Some(5), Some(1..=5)) | (Some(2), Some(2..=7)) => "Mastercard",
        (Some(3), Some(4 | 7)) => "American Express",
        (Some(3), Some(0 | 6 | 8)) => "Diners Club",
        (Some(6), _) => "Discover",
        _ => "Card",
    };
    Some(format!("{brand} **** {}", spell(digits.get(digits.len() - 4..)?)))
}

/// A postal code of Brazil, the United States or the United Kingdom.
pub(super) fn zipcode(text: &str) -> Option<String> {
    let upper: String = text
        .to_uppercase()
        .chars()
        .filter(|letter| !" -.".contains(*letter))
        .collect();
    let numeric = upper.bytes().all(|byte| byte.is_ascii_digit());
    match (numeric, upper.len()) {
        (true, 5) => Some(upper),
        (true, 8 | 9) => Some(format!("{}-{}", upper.get(..5)?, upper.get(5..)?)),
        (false, 5..=7) if upper.is_ascii() => {
            let (outward, inward) = upper.split_at(upper.len() - 3);
            let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
            let fits = outward.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && outward.bytes().any(|byte| byte.is_ascii_digit())
                && upper.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && inward.starts_with(|letter: char| letter.is_ascii_digit())
                && inward.get(1..).is_some_and(letters);
            fits.then(|| format!("{outward} {inward}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_decide() {
        assert_eq!(cpf("52998224725").as_deref(), Some("529.982.247-25"));
        assert_eq!(cpf("52998224724"), None);
        assert_eq!(cnpj("11.222.333/0001-81").as_deref(), Some("11.222.333/0001-81"));
        assert_eq!(cnpj("11.222.333/0001-82"), None);
        assert_eq!(card("4111 1111 1111 1111").as_deref(), Some("Visa **** 1111"));
        assert_eq!(card("4111 1111 1111 1112"), None);
    }

    #[test]
    fn postal_codes_of_three_countries_are_known() {
        assert_eq!(zipcode("01310100").as_deref(), Some("01310-100"));
        assert_eq!(zipcode("sw1a 1aa").as_deref(), Some("SW1A 1AA"));
        assert_eq!(zipcode("1234"), None);
    }
}
