//! Words of texts, as search and embedders compare them, and what texts cost in tokens.
//!
//! A word is a run of letters and digits in lower case without diacritics, so that `Café` and `cafe` are the same.
//! Scripts without blanks between words, such as Chinese, give every pair of neighbouring characters.

mod stop;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

pub use stop::{LANGUAGES, guess_language, is_stop_word, stop_words};

/// Letters of a word that count; the rest of longer ones is cut off.
const LONGEST: usize = 64;

/// Hands each word of `text` to `take`, in order.
pub fn each_word(text: &str, mut take: impl FnMut(&str)) {
    let mut word = String::with_capacity(LONGEST);
    let mut before: Option<char> = None;
    let mut alone = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_dense(c) {
            flush(&mut word, &mut take);
            if let Some(before) = before {
                word.push(before);
                word.push(c);
                take(&word);
                word.clear();
                alone = false;
            } else {
                alone = true;
            }
            before = Some(c);
            continue;
        }
        if let (Some(single), true) = (before.take(), std::mem::take(&mut alone)) {
            word.push(single);
            flush(&mut word, &mut take);
        }
        if c.is_alphanumeric() {
            fold(c, &mut word);
        } else if is_combining_mark(c) {
            // A mark that stands by itself belongs to the letter before it.
        } else if is_apostrophe(c) && !word.is_empty() {
            // `it's` and `Ana's` are found as `it` and `ana`, `l'eau` as `eau`.
            let is_article = word.chars().count() == 1;
            if is_article {
                word.clear();
            } else {
                flush(&mut word, &mut take);
                if chars
                    .peek()
                    .is_some_and(|next| matches!(next, 's' | 'S' | 't' | 'T' | 'd' | 'm'))
                    && chars.clone().nth(1).is_none_or(|after| !after.is_alphanumeric())
                {
                    chars.next();
                }
            }
        } else {
            flush(&mut word, &mut take);
        }
    }
    if let (Some(single), true) = (before, alone) {
        word.push(single);
    }
    flush(&mut word, &mut take);
}

/// The words of `text`, in order.
pub fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    each_word(text, |word| found.push(word.to_owned()));
    found
}

fn flush(word: &mut String, take: &mut impl FnMut(&str)) {
    if !word.is_empty() {
        if word.chars().count() > LONGEST {
            *word = word.chars().take(LONGEST).collect();
        }
        take(word);
        word.clear();
    }
}

/// Adds a character in lower case without its marks.
fn fold(c: char, word: &mut String) {
    if c.is_ascii() {
        word.push(c.to_ascii_lowercase());
        return;
    }
    for part in std::iter::once(c).nfkd().filter(|part| !is_combining_mark(*part)) {
        for lower in part.to_lowercase() {
            match lower {
                'ß' => word.push_str("ss"),
                'æ' => word.push_str("ae"),
                'œ' => word.push_str("oe"),
                'ø' => word.push('o'),
                'ł' => word.push('l'),
                'đ' | 'ð' => word.push('d'),
                'þ' => word.push_str("th"),
                'ı' => word.push('i'),
                // `İ` in lower case is an i with a dot above.
                other if is_combining_mark(other) => {}
                other => word.push(other),
            }
        }
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{02bc}')
}

/// Whether the character belongs to a script that puts no blanks between words.
fn is_dense(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// The stem of a folded word that is good enough for any language: plurals and the commonest endings go.
pub fn light_stem(word: &str) -> &str {
    let cut = |ending: &str, least: usize| word.strip_suffix(ending).filter(|stem| stem.len() >= least);
    if !word.is_ascii() {
        return word;
    }
    if let Some(stem) = cut("ing", 4).or_else(|| cut("ies", 3)).or_else(|| cut("ed", 4)) {
        return stem;
    }
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word;
    }
    let stem = cut("es", 3).or_else(|| cut("s", 3)).unwrap_or(word);
    stem.strip_suffix(['e', 'y', 'a', 'o'])
        .filter(|stem| stem.len() >= 4)
        .unwrap_or(stem)
}

/// About how many tokens a model makes of `text`. The same text always has the same number.
pub fn count_tokens(text: &str) -> usize {
    let mut tokens = 0;
    let (mut letters, mut digits) = (0_usize, 0_usize);
    let close = |letters: &mut usize, digits: &mut usize| {
        let run = letters.div_ceil(6) + digits.div_ceil(3);
        (*letters, *digits) = (0, 0);
        run
    };
    for c in text.chars() {
        if is_dense(c) {
            tokens += close(&mut letters, &mut digits) + 1;
        } else if c.is_ascii_digit() {
            digits += 1;
        } else if c.is_alphabetic() {
            // Words in other scripts are cut finer.
            letters += if c.is_ascii() { 1 } else { 2 };
        } else {
            tokens += close(&mut letters, &mut digits) + usize::from(!c.is_whitespace());
        }
    }
    tokens + close(&mut letters, &mut digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_with_and_without_marks_and_capitals() {
        for (text, expected) in [
            ("Café, CAFÉ; cafe\u{301}!", vec!["cafe", "cafe", "cafe"]),
            ("Straße Ærø İzmir", vec!["strasse", "aero", "izmir"]),
            ("Ana's l'eau don't", vec!["ana", "eau", "don"]),
            ("BODY_LIMIT=10485760", vec!["body", "limit", "10485760"]),
            ("東京都 x 猫", vec!["東京", "京都", "x", "猫"]),
            ("", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn plurals_have_the_stem_of_their_singulars() {
        for (one, many) in [
            ("invoice", "invoices"),
            ("contrato", "contratos"),
            ("query", "queries"),
            ("box", "boxes"),
        ] {
            assert_eq!(light_stem(one), light_stem(many), "{one}");
        }
        assert_eq!(light_stem("status"), "status");
    }

    #[test]
    fn tokens_grow_with_the_text() {
        assert_eq!(count_tokens(""), 0);
        assert_eq!(count_tokens("Hello, world!"), 4);
        assert_eq!(count_tokens("国家"), 2);
        assert!(count_tokens("internationalization") > 2);
    }
}
