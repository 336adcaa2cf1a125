//! How many tokens a text has at most, whatever the model's tokenizer.

use std::{collections::HashSet, sync::LazyLock};

/// Words that every tokenizer knows together with the blank before them: the frequent ones of English, as far as three
/// public vocabularies have each as one token.
static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("words.txt").split_whitespace().collect());

/// Pairs of consonants that every tokenizer knows.
const KNOWN: [&str; 24] = [
    "br", "ch", "ck", "cl", "cr", "ct", "dr", "fr", "gr", "ll", "nd", "ng", "ns", "nt", "pl", "pr", "rt", "sh", "sp",
    "ss", "st", "th", "tr", "wh",
];

/// Tokens of a text, at most.
///
/// Tokenizers differ, and those of most models cannot be had, so this counts from above: a frequent English word is a
/// token together with the blank before it; elsewhere a lower-case letter makes a token together with the blank or the
/// letter before it where every tokenizer knows the pair, any other ASCII sign is a token of its own, and every other
/// letter costs as many tokens as it has bytes, which is what it falls back to. It comes to 1.3
/// times what a tokenizer of today makes of English prose, to about twice for English between many signs, and to more
/// for other languages. The tests hold it to never being less
/// than what three of them make of anything.
pub(crate) fn tokens(text: &str) -> usize {
    let mut count = 0;
    let mut open = None;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some(after) = after_word(rest) {
            (count, open, rest) = (count + 1, None, after);
            continue;
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        if letter.is_ascii_lowercase() && open.is_some_and(|before| is_known(before, letter)) {
            open = None;
            continue;
        }
        count += if letter.is_ascii() { 1 } else { letter.len_utf8() };
        open = Some(letter).filter(|letter| letter.is_ascii_lowercase() || *letter == ' ');
    }
    count
}

/// What follows a blank and a word that every tokenizer knows, if that is how the text begins.
fn after_word(text: &str) -> Option<&str> {
    let text = text.strip_prefix(' ')?;
    let end = text
        .find(|letter: char| !letter.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (word, after) = text.split_at_checked(end)?;
    // A letter with an accent, or a mark that adds one, belongs to the word.
    let goes_on = after
        .chars()
        .next()
        .is_some_and(|next| !next.is_ascii() && !next.is_whitespace());
    (!goes_on && WORDS.contains(word)).then_some(after)
}

fn is_known(before: char, letter: char) -> bool {
    let is_vowel = |letter: char| "aeiou".contains(letter);
    let is_pair = |pair: &&str| pair.starts_with(before) && pair.ends_with(letter);
    before == ' ' || is_vowel(before) || is_vowel(letter) || KNOWN.iter().any(is_pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters by a simple generator, so that the same texts come each time.
    struct Dice(u64);

    impl Dice {
        fn next(&mut self, below: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % below
        }

        fn text(&mut self, kind: u64) -> String {
            let length = 1 + self.next(200);
            (0..length)
                .map(|_| match kind {
                    0 => char::from(b'a' + u8::try_from(self.next(26)).unwrap()),
                    1 => char::from(32 + u8::try_from(self.next(95)).unwrap()),
                    2 => char::from_u32(u32::try_from(self.next(0x800)).unwrap()).unwrap(),
                    3 => char::from_u32(0x4e00 + u32::try_from(self.next(0x5000)).unwrap()).unwrap(),
                    4 => [' ', '\n', '\t', 'a', 'é'][usize::try_from(self.next(5)).unwrap()],
                    _ => char::from_u32(0x1f300 + u32::try_from(self.next(0x300)).unwrap()).unwrap(),
                })
                .collect()
        }
    }

    #[test]
    fn no_tokenizer_makes_more_tokens_than_are_counted() {
        let known = [
            tiktoken_rs::o200k_base_singleton(),
            tiktoken_rs::cl100k_base_singleton(),
            tiktoken_rs::r50k_base_singleton(),
        ];
        let mut dice = Dice(7);
        let prose = [
            "The quick brown fox jumps over the lazy dog, and nobody knows why it would do so on a Sunday.",
            "Não há informação disponível sobre o código postal; tente outra vez amanhã às 9h30.",
            "fn main() { println!(\"{}\", i32::MAX); } // prints the largest 32-bit number",
            "| Name | Price |\n|---|---:|\n| Tea | 3.50 |\n| Cake | 4.20 |\n\n\n    indented    text",
            "Доброе утро! 今日は良い天気ですね。 مرحبا 👩‍👩‍👧‍👦",
        ];
        let mut words: Vec<&str> = WORDS.iter().copied().collect();
        words.sort_unstable();
        let mut mixed = || {
            let parts = (0..60).map(|_| match dice.next(4) {
                0 => [
                    " don't",
                    "  ",
                    "\n ",
                    " 7",
                    "ing",
                    ", ",
                    "'s",
                    " THE",
                    "e\u{301}",
                    " na\u{ef}ve",
                ][usize::try_from(dice.next(10)).unwrap()]
                .to_owned(),
                _ => format!(" {}", words[usize::try_from(dice.next(words.len() as u64)).unwrap()]),
            });
            parts.collect::<String>()
        };
        let mixed: Vec<String> = (0..200).map(|_| mixed()).collect();
        let random = (0..900).map(|round| dice.text(round % 6));
        for text in prose.into_iter().map(str::to_owned).chain(mixed).chain(random) {
            let counted = tokens(&text);
            for tokenizer in known {
                let exact = tokenizer.encode_with_special_tokens(&text).len();
                assert!(exact <= counted, "{exact} tokens, {counted} counted: {text:?}");
            }
        }
    }

    #[test]
    fn prose_is_not_counted_at_more_than_its_double() {
        let text = include_str!("../../../docs/answers.md");

        let exact = tiktoken_rs::o200k_base_singleton()
            .encode_with_special_tokens(text)
            .len();

        assert!(tokens(text) <= exact * 2, "{} for {exact}", tokens(text));
    }
}
