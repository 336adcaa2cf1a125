//! Words at which an answer ends.

/// Cuts an answer at the first of some words. They may come in pieces, so as much of the end is held back as could be
/// the beginning of one.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    words: Vec<String>,
    held: String,
    is_over: bool,
}

impl Stop {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self {
            words: words.into_iter().filter(|word| !word.is_empty()).collect(),
            ..Self::default()
        }
    }

    /// Whether one of the words has come.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// What may be shown once `text` has come.
    pub(crate) fn push(&mut self, text: &str) -> String {
        if self.is_over {
            return String::new();
        }
        if self.words.is_empty() {
            return text.to_owned();
        }
        self.held.push_str(text);
        let first = self.words.iter().filter_map(|word| self.held.find(word.as_str())).min();
        if let Some(place) = first {
            self.is_over = true;
            self.held.truncate(place);
            return std::mem::take(&mut self.held);
        }
        let kept = self
            .words
            .iter()
            .map(|word| overlap(&self.held, word))
            .max()
            .unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - kept);
        std::mem::replace(&mut self.held, rest)
    }

    /// What was held back, at the end of the answer.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// How many bytes of the end of `text` are the beginning of `word`.
fn overlap(text: &str, word: &str) -> usize {
    word.char_indices()
        .map(|(place, _)| place)
        .filter(|place| word.get(..*place).is_some_and(|begin| text.ends_with(begin)))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[&str], pieces: &[&str]) -> (String, bool) {
        let mut stop = Stop::new(words.iter().map(|word| (*word).to_owned()).collect());
        let mut text: String = pieces.iter().map(|piece| stop.push(piece)).collect();
        text.push_str(&stop.finish());
        (text, stop.is_over())
    }

    #[test]
    fn an_answer_ends_before_the_first_word_however_it_is_cut() {
        assert_eq!(shown(&["END"], &["one E", "N", "D two"]), ("one ".to_owned(), true));
        assert_eq!(shown(&["\n\n", "##"], &["a\n", "b##c\n\n"]), ("a\nb".to_owned(), true));
    }

    #[test]
    fn nothing_is_lost_when_no_word_comes() {
        assert_eq!(
            shown(&["END"], &["one E", "N", "ough"]),
            ("one ENough".to_owned(), false)
        );
        assert_eq!(shown(&[], &["é", "à"]), ("éà".to_owned(), false));
        assert_eq!(shown(&["éé"], &["é", "à", "é"]), ("éàé".to_owned(), false));
    }
}
