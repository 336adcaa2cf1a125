//! Passages that say what another one says already.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use botlib::words::each_word;

/// Words of a shingle.
const WIDE: usize = 3;

/// Of a hundred shingles of a passage, those that another one must have for it to say nothing new.
const ALIKE: usize = 85;

/// What passages were chosen so far, so that no other repeats them.
#[derive(Default)]
pub(super) struct Chosen {
    asked: BTreeSet<String>,
    passages: Vec<Traits>,
}

/// What a passage consists of.
struct Traits {
    shingles: HashSet<u64>,
    /// Words that make a difference wherever they stand: those with a digit in them, names, and those of the question.
    telling: BTreeSet<String>,
}

impl Chosen {
    /// Nothing so far, for a question.
    pub(super) fn new(question: &str) -> Self {
        let mut asked = BTreeSet::new();
        each_word(question, |word| {
            asked.insert(word.to_owned());
        });
        Self {
            asked,
            passages: Vec::new(),
        }
    }

    /// Takes a passage in, unless one that was chosen before says nearly the same: white space and letter case aside,
    /// most of its words in the same order, and every number, every name and every word of the question that it has.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let traits = self.traits(text);
        let is_repeated = self.passages.iter().any(|known| {
            let shared = traits.shingles.intersection(&known.shingles).count();
            shared * 100 >= traits.shingles.len() * ALIKE && traits.telling.is_subset(&known.telling)
        });
        if !is_repeated {
            self.passages.push(traits);
        }
        !is_repeated
    }

    fn traits(&self, text: &str) -> Traits {
        let (mut words, mut telling) = (Vec::new(), BTreeSet::new());
        names(text, |name| {
            telling.insert(name.to_owned());
        });
        each_word(text, |word| {
            if word.contains(|letter: char| letter.is_numeric()) || self.asked.contains(word) {
                telling.insert(word.to_owned());
            }
            let mut hasher = DefaultHasher::new();
            word.hash(&mut hasher);
            words.push(hasher.finish());
        });
        let shingles = match words.len() {
            // Of a few words, or of signs alone, each is looked at as it is.
            0 => HashSet::from([of(&[text.len() as u64])]),
            1..WIDE => HashSet::from([of(&words)]),
            _ => words.windows(WIDE).map(of).collect(),
        };
        Traits { shingles, telling }
    }
}

/// Words that begin with a capital letter although no sentence begins there.
fn names(text: &str, mut take: impl FnMut(&str)) {
    let mut begins = true;
    for part in text.split_whitespace() {
        let word = part.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        if !begins && word.starts_with(char::is_uppercase) {
            each_word(word, &mut take);
        }
        begins = part.ends_with(['.', '!', '?', ':', ';']);
    }
}

fn of(words: &[u64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: &str = "Opening hours of the harbour office: on weekdays from nine to five, on Saturdays from ten to two. \
        The office is closed on Sundays and on public holidays. Bring your papers and the form that you were sent.";

    fn taken(question: &str, texts: &[&str]) -> Vec<bool> {
        let mut chosen = Chosen::new(question);
        texts.iter().map(|text| chosen.take(text)).collect()
    }

    #[test]
    fn copies_with_another_word_are_left_out_and_passages_with_more_to_say_stay() {
        let retold = TERMS.replace("Bring", "Please  bring").replace("The", "the");
        let longer =
            format!("{TERMS} Children may come without papers, as long as somebody who looks after them is with them.");

        assert_eq!(
            taken("When is it open?", &[TERMS, &retold, &longer, TERMS]),
            [true, false, true, false]
        );
    }

    #[test]
    fn a_number_a_name_or_a_word_of_the_question_makes_a_difference() {
        let in_2026 = format!("{TERMS} Since 2026.");
        let in_2027 = format!("{TERMS} Since 2027.");
        let island = TERMS.replace("harbour", "island");
        let named = TERMS.replace("harbour", "Faro");

        assert_eq!(taken("office", &[&in_2026, &in_2027]), [true, true]);
        assert_eq!(taken("the island office", &[TERMS, &island]), [true, true]);
        assert_eq!(taken("office hours", &[TERMS, &named]), [true, true]);
        assert_eq!(taken("office hours", &[TERMS, &island]), [true, false]);
    }

    #[test]
    fn short_passages_are_compared_as_they_are() {
        assert_eq!(
            taken("x", &["Tea", "tea ", "Coffee", "", "", "?!"]),
            [true, false, true, true, false, true]
        );
    }
}
