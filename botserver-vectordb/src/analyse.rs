//! Words of texts as the lexical index keeps them: without stop words, as stems of the collection's language.

use std::{borrow::Cow, collections::HashMap};

use botlib::words::{each_word, is_stop_word, light_stem};
use rust_stemmers::{Algorithm, Stemmer};

/// Makes terms of texts in one language; terms of another analyser mean something else.
pub(crate) struct Analyser {
    language: &'static str,
    stemmer: Option<Stemmer>,
}

impl Analyser {
    /// The analyser of a language, by the beginning of its BCP 47 tag.
    pub(crate) fn new(language: &str) -> Self {
        let language = botlib::words::LANGUAGES
            .into_iter()
            .find(|known| language.split(['-', '_']).next() == Some(*known))
            .unwrap_or_default();
        Self {
            language,
            stemmer: match language {
                "en" => Some(Stemmer::create(Algorithm::English)),
                "de" => Some(Stemmer::create(Algorithm::German)),
                _ => None,
            },
        }
    }

    /// The language; empty for one that is not known.
    pub(crate) fn language(&self) -> &'static str {
        self.language
    }

    /// The term of a folded word; nothing for a stop word.
    fn term<'a>(&self, word: &'a str) -> Option<Cow<'a, str>> {
        if is_stop_word(word, self.language) {
            return None;
        }
        Some(match &self.stemmer {
            Some(stemmer) => stemmer.stem(word),
            None if matches!(self.language, "pt" | "es" | "fr" | "it") => Cow::Owned(romance(word)),
            None => Cow::Borrowed(light_stem(word)),
        })
    }

    /// The terms of a question, each once, in order.
    pub(crate) fn question(&self, text: &str) -> Vec<String> {
        let mut terms: Vec<String> = Vec::new();
        each_word(text, |word| {
            if let Some(term) = self.term(word)
                && !terms.iter().any(|known| *known == term)
            {
                terms.push(term.into_owned());
            }
        });
        terms
    }
}

/// Numbers the terms of texts, and remembers the terms of words that it has met.
pub(crate) struct Terms {
    pub(crate) analyser: Analyser,
    numbers: HashMap<Box<str>, u32>,
    words: HashMap<Box<str>, Option<u32>>,
}

/// Words that are remembered at most; texts full of codes would fill the memory.
const WORDS: usize = 200_000;

impl Terms {
    pub(crate) fn new(analyser: Analyser) -> Self {
        Self {
            analyser,
            numbers: HashMap::new(),
            words: HashMap::new(),
        }
    }

    /// Hands the number of each term of a text to `take`, in order; terms that are new get numbers.
    pub(crate) fn each(&mut self, text: &str, mut take: impl FnMut(u32)) {
        each_word(text, |word| {
            if let Some(known) = self.words.get(word) {
                if let Some(number) = known {
                    take(*number);
                }
                return;
            }
            let number = self.analyser.term(word).map(|term| {
                let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
                if let Some(number) = self.numbers.get(term.as_ref()) {
                    *number
                } else {
                    self.numbers.insert(term.into(), next);
                    next
                }
            });
            if self.words.len() < WORDS {
                self.words.insert(word.into(), number);
            }
            if let Some(number) = number {
                take(number);
            }
        });
    }

    /// The number of a term.
    pub(crate) fn find(&self, term: &str) -> Option<u32> {
        self.numbers.get(term).copied()
    }

    /// Forgets what only helps to read many texts.
    pub(crate) fn rest(&mut self) {
        self.words = HashMap::new();
    }

    /// Bytes that it takes, roughly.
    pub(crate) fn bytes(&self) -> usize {
        self.numbers.keys().map(|term| term.len() + 40).sum()
    }
}

/// The stem of a word of Portuguese, Spanish, French or Italian without its accents: number and gender go.
fn romance(word: &str) -> String {
    let cut = |ending: &str, put: &str, least: usize| {
        let stem = word.strip_suffix(ending)?;
        (stem.len() >= least).then(|| format!("{stem}{put}"))
    };
    let plurals = [
        ("coes", "cao", 2),
        ("soes", "sao", 2),
        ("oes", "ao", 2),
        ("aes", "ao", 2),
        ("ciones", "cion", 2),
        ("siones", "sion", 2),
        ("ais", "al", 3),
        ("eis", "el", 3),
        ("ois", "ol", 3),
        ("ns", "m", 3),
        ("aux", "al", 3),
        ("res", "r", 3),
        ("des", "d", 4),
        ("zes", "z", 2),
        ("les", "l", 3),
        ("s", "", 3),
    ];
    let one = plurals
        .iter()
        .find_map(|(ending, put, least)| cut(ending, put, *least))
        .unwrap_or_else(|| word.to_owned());
    let base = one.strip_suffix("mente").filter(|stem| stem.len() >= 4).unwrap_or(&one);
    let stem = base.strip_suffix(['a', 'e', 'i', 'o']).filter(|stem| stem.len() >= 3);
    stem.unwrap_or(base).to_owned()
}

impl std::fmt::Debug for Analyser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Analyser({})", self.language)
    }
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Terms({:?}, {})", self.analyser, self.numbers.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_are_one_term() {
        for (language, forms) in [
            ("en", vec!["indexing", "indexed", "indexes", "index"]),
            ("pt-BR", vec!["informação", "informações", "informacao"]),
            ("pt", vec!["contrato", "contratos"]),
            ("es", vec!["devolución", "devoluciones"]),
            ("de", vec!["Rechnung", "Rechnungen"]),
        ] {
            let analyser = Analyser::new(language);
            let terms: Vec<_> = forms.iter().map(|form| analyser.question(form)).collect();
            assert!(terms.iter().all(|term| *term == terms[0]), "{forms:?}: {terms:?}");
        }
    }

    #[test]
    fn questions_have_each_telling_word_once() {
        assert_eq!(
            Analyser::new("en").question("What is the limit of the limits?"),
            ["limit"]
        );
    }
}
