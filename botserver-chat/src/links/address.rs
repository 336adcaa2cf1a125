//! Finds addresses in words, however they are spelt.

use std::ops::Range;

use url::Url;

/// Signs after which two slashes begin an address.
const OPENERS: [char; 7] = ['(', '<', '"', '\'', '=', ':', '['];

/// Signs that end an address.
const CLOSERS: [char; 6] = ['<', '>', '"', '`', '|', '\\'];

/// The word as a renderer reads it: escapes and entities resolved.
pub(super) fn decoded(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        if letter == '\\' && after.starts_with(|next: char| next.is_ascii_punctuation()) {
            rest = after;
            let next = rest.chars().next().unwrap_or_default();
            out.push(next);
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        } else if let Some((meant, length)) = (letter == '&').then(|| entity(after)).flatten() {
            out.push(meant);
            rest = after.get(length..).unwrap_or_default();
        } else {
            out.push(letter);
            rest = after;
        }
    }
    out
}

/// What the entity after `&` stands for, and its length.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.char_indices().take(12).find(|(_, letter)| *letter == ';')?.0;
    let name = text.get(..end)?;
    let meant = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
        None => match name.to_ascii_lowercase().as_str() {
            "colon" => ':',
            "sol" => '/',
            "bsol" => '\\',
            "period" => '.',
            "lpar" => '(',
            "rpar" => ')',
            "lsqb" | "lbrack" => '[',
            "rsqb" | "rbrack" => ']',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "amp" => '&',
            "num" => '#',
            "newline" | "tab" | "nbsp" => ' ',
            _ => return None,
        },
    };
    Some((meant, end + 1))
}

/// Where addresses stand in a word.
pub(super) fn all(word: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some(start) = next(word, from) {
        let end = end_of(word, start);
        from = end.max(start + 1);
        while !word.is_char_boundary(from) {
            from += 1;
        }
        if end > start {
            found.push(start..end);
        }
    }
    found
}

/// Where the next address begins: a scheme with slashes, a scheme right after `](` or `<`, two slashes where an address
/// may stand, or `www.`.
fn next(word: &str, from: usize) -> Option<usize> {
    let starts = word.char_indices().map(|(at, _)| at).skip_while(|at| *at < from);
    let mut starts = starts.filter(|at| {
        let (before, after) = word.split_at(*at);
        let last = before.chars().next_back();
        let is_free = last.is_none_or(|sign| !sign.is_ascii_alphanumeric());
        if let Some(name) = scheme(after) {
            let rest = after.get(name.len() + 1..).unwrap_or_default();
            let is_slashed =
                rest.starts_with(['/', '\\']) && rest.chars().nth(1).is_some_and(|sign| "/\\".contains(sign));
            let is_target = before.ends_with("](") || before.ends_with('<') || before.ends_with("]:");
            return is_free && (is_slashed || is_target);
        }
        let is_open = last.is_none_or(|sign| OPENERS.contains(&sign));
        let mut signs = after.chars();
        let is_double = signs.next().is_some_and(|sign| "/\\".contains(sign))
            && signs.next().is_some_and(|sign| "/\\".contains(sign))
            && signs.next().is_some_and(|sign| sign.is_alphanumeric() || sign == '[');
        let is_www = after.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("www."));
        (is_open && is_double) || (is_free && is_www)
    });
    starts.next()
}

/// The scheme that a text begins with.
fn scheme(text: &str) -> Option<&str> {
    let (name, _) = text.split_once(':')?;
    let is_name = name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.len() <= 32
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "+.-".contains(letter));
    is_name.then_some(name)
}

/// Where the address ends that begins at `start`, the sentence's own signs left out.
fn end_of(word: &str, start: usize) -> usize {
    let mut depth = 0_i32;
    let tail = word.get(start..).unwrap_or_default();
    let mut end = tail.len();
    for (at, letter) in tail.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => {
                end = at;
                break;
            }
            ')' => depth -= 1,
            _ if CLOSERS.contains(&letter) && at > 1 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let address = tail.get(..end).unwrap_or_default();
    start
        + address
            .trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', ']'])
            .len()
}

/// The address as a URL; without a scheme it is one of the web.
pub(super) fn url(text: &str) -> Option<Url> {
    if text.starts_with(['/', '\\']) {
        return Url::parse(&format!("https://{}", text.trim_start_matches(['/', '\\']))).ok();
    }
    if text.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("www.")) {
        return Url::parse(&format!("https://{text}")).ok();
    }
    Url::parse(text).ok()
}
