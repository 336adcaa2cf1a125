//! Which passwords are accepted: NIST SP 800-63B-4, section 3.1.1.2.
//!
//! Length is what counts. There are no rules about kinds of letters, no hints and no expiry.

use std::{collections::BTreeSet, sync::LazyLock};

use super::normal;

/// Letters at least, where the password is the only factor.
pub(crate) const LENGTH_MIN: usize = 15;
/// Letters at most.
pub(crate) const LENGTH_MAX: usize = 256;
/// The longest piece that, repeated, makes a password as easy to guess as the piece.
const UNIT_MAX: usize = 8;
/// Shorter words of the context occur in ordinary words.
const CONTEXT_MIN: usize = 4;

/// Words and phrases that lists of leaked passwords begin with, one a line.
const COMMON: &str = include_str!("common.txt");
/// What fingers follow.
const RUNS: [&str; 6] = [
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "q1w2e3r4t5y6u7i8o9p0",
];

static COMMON_WORDS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| COMMON.lines().collect());

/// Why a password may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Fewer than 15 letters.
    #[error("has fewer than 15 characters: three or four unrelated words make a good password")]
    TooShort,
    /// More than 256 letters.
    #[error("has more than 256 characters")]
    TooLong,
    /// Everybody's password.
    #[error("is among the passwords that are tried first")]
    Common,
    /// A row of keys, or a piece repeated.
    #[error("is a row of keys or a repeated piece, which are tried first")]
    Pattern,
    /// The person's own name or address, or the product's name.
    #[error("is little more than the name, the mail address or the product's name")]
    Context,
}

/// Whether `password` may be used by somebody whose name and mail address are `context`.
pub(crate) fn check(password: &str, context: &[&str]) -> Result<(), Weakness> {
    let password = normal(password).to_lowercase();
    let length = password.chars().count();
    if length < LENGTH_MIN {
        return Err(Weakness::TooShort);
    }
    if length > LENGTH_MAX {
        return Err(Weakness::TooLong);
    }
    if is_repetition(&password) || is_run(&password) {
        return Err(Weakness::Pattern);
    }
    if is_common(&password) {
        return Err(Weakness::Common);
    }
    if is_context(&password, context) {
        return Err(Weakness::Context);
    }
    Ok(())
}

/// Whether a piece of at most eight letters, repeated, gives the password.
fn is_repetition(password: &str) -> bool {
    let letters: Vec<char> = password.chars().collect();
    (1..=UNIT_MAX).any(|unit| {
        letters
            .iter()
            .zip(letters.iter().skip(unit))
            .all(|(one, next)| one == next)
    })
}

/// Whether the password follows a row of keys or the alphabet, in either direction, over and over.
fn is_run(password: &str) -> bool {
    let reversed: String = password.chars().rev().collect();
    RUNS.iter().any(|run| {
        let endless = run.repeat(LENGTH_MAX / run.len() + 2);
        endless.contains(password) || endless.contains(&reversed)
    })
}

/// Whether the whole password, or what is left of it without digits and signs around it, is on the list. Words inside
/// it do not count: a phrase may well hold common words.
fn is_common(password: &str) -> bool {
    let core = password.trim_matches(|letter: char| !letter.is_alphabetic());
    let joined: String = password.chars().filter(|letter| letter.is_alphanumeric()).collect();
    [password, core, joined.as_str()]
        .iter()
        .any(|form| COMMON_WORDS.contains(form))
}

/// Whether fewer than four letters are left without the words of the context.
fn is_context(password: &str, context: &[&str]) -> bool {
    let context: Vec<String> = context.iter().map(|text| text.to_lowercase()).collect();
    let mut words: Vec<&str> = context.iter().map(String::as_str).collect();
    words.extend(
        context
            .iter()
            .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric())),
    );
    words.extend(["botserver", "chatbot", "password", "administrator"]);
    words.retain(|word| word.chars().count() >= CONTEXT_MIN);
    // The longest first, so that a short word leaves no rest of a longer one behind.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words
        .iter()
        .fold(password.to_owned(), |rest, word| rest.replace(word, " "));
    rest.chars().filter(|letter| letter.is_alphabetic()).count() < CONTEXT_MIN && rest != password
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: [&str; 2] = ["maria.silveira@example.org", "Maria Silveira"];

    #[test]
    fn long_passwords_of_any_kind_are_accepted() {
        for password in [
            "seven wooden spoons",
            "trinta gatos azuis",
            "ああああいいいいううううえええ",
            "maria likes wooden spoons",
            "29751038461950274",
            "I love my dragon and my monkey",
            &"correct wooden spoon ".repeat(12),
        ] {
            assert_eq!(check(password, &CONTEXT), Ok(()), "{password}");
        }
    }

    #[test]
    fn length_is_counted_in_letters() {
        assert_eq!(check("ab cd ef gh ij", &[]), Err(Weakness::TooShort));
        assert_eq!(check("äöüß äöü äöüéè", &[]), Err(Weakness::TooShort));
        assert_eq!(check("äöüß äöü äöüéèê", &[]), Ok(()));
        assert_eq!(check(&"spoon wood ".repeat(30), &[]), Err(Weakness::TooLong));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        let cases = [
            ("aaaaaaaaaaaaaaaa", Weakness::Pattern),
            ("passwordpassword", Weakness::Pattern),
            ("123456789012345", Weakness::Pattern),
            ("zyxwvutsrqponmlkj", Weakness::Pattern),
            ("QwertyUiopAsdfgh", Weakness::Pattern),
            ("1qaz2wsx3edc4rfv", Weakness::Pattern),
            ("Password1234567!", Weakness::Common),
            ("iloveyou20262026", Weakness::Common),
            ("correct horse battery staple", Weakness::Common),
            ("correcthorsebatterystaple", Weakness::Common),
            ("maria.silveira@example.org", Weakness::Context),
            ("Silveira-Maria-1987", Weakness::Context),
            ("botserver-password", Weakness::Context),
        ];
        assert_eq!(
            check("ana@example.org.2026", &["ana@example.org"]),
            Err(Weakness::Context)
        );
        for (password, weakness) in cases {
            assert_eq!(check(password, &CONTEXT), Err(weakness), "{password}");
        }
    }
}
