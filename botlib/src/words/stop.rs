//! Words that say nothing about what a text is about, and the languages that they give away.

use super::each_word;

/// Languages whose commonest words are known, by their BCP 47 tags.
pub const LANGUAGES: [&str; 6] = ["en", "pt", "es", "fr", "de", "it"];

const ENGLISH: &[&str] = &[
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do",
    "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is", "it", "its",
    "me", "my", "no", "not", "of", "on", "or", "our", "she", "should", "so", "such", "than", "that", "the", "their",
    "them", "then", "there", "these", "they", "this", "those", "to", "was", "we", "were", "what", "when", "where",
    "which", "who", "why", "will", "with", "would", "you", "your",
];
const PORTUGUESE: &[&str] = &[
    "a", "ao", "aos", "as", "com", "como", "da", "das", "de", "do", "dos", "e", "ela", "ele", "em", "entre", "era",
    "essa", "esse", "esta", "este", "eu", "foi", "ha", "isso", "ja", "mais", "mas", "me", "meu", "minha", "muito",
    "na", "nao", "nas", "nem", "no", "nos", "o", "onde", "os", "ou", "para", "pela", "pelo", "por", "posso", "qual",
    "quais", "quando", "que", "quem", "se", "sem", "ser", "seu", "sua", "so", "sao", "tem", "um", "uma", "voce",
];
const SPANISH: &[&str] = &[
    "a", "al", "como", "con", "cual", "cuales", "cuando", "de", "del", "donde", "el", "ella", "en", "entre", "era",
    "es", "esa", "ese", "esta", "este", "fue", "ha", "hay", "la", "las", "le", "lo", "los", "mas", "me", "mi", "muy",
    "no", "o", "para", "pero", "por", "puedo", "que", "quien", "se", "ser", "si", "sin", "son", "su", "sus", "tiene",
    "un", "una", "y", "ya", "yo",
];
const FRENCH: &[&str] = &[
    "a", "au", "aux", "avec", "ce", "ces", "cette", "comment", "dans", "de", "des", "du", "elle", "en", "est", "et",
    "il", "ils", "je", "la", "le", "les", "leur", "lui", "mais", "ne", "nous", "on", "ont", "ou", "par", "pas", "pour",
    "quand", "que", "quel", "quelle", "qui", "sa", "se", "ses", "son", "sont", "sur", "un", "une", "vous",
];
const GERMAN: &[&str] = &[
    "aber", "als", "am", "an", "auch", "auf", "aus", "bei", "das", "dass", "dem", "den", "der", "des", "die", "durch",
    "ein", "eine", "einem", "einen", "einer", "er", "es", "fur", "hat", "ich", "ihr", "im", "in", "ist", "kann", "man",
    "mit", "nach", "nicht", "noch", "oder", "sich", "sie", "sind", "uber", "um", "und", "von", "vor", "was", "wann",
    "wenn", "wer", "werden", "wie", "wird", "wo", "zu", "zum", "zur",
];
const ITALIAN: &[&str] = &[
    "a", "al", "alla", "anche", "che", "chi", "come", "con", "cosa", "da", "dal", "dalla", "dei", "del", "della",
    "delle", "di", "dove", "e", "era", "gli", "ha", "i", "il", "in", "io", "la", "le", "lo", "ma", "mi", "nel",
    "nella", "non", "o", "per", "piu", "quale", "quando", "questa", "questo", "se", "si", "sono", "su", "sul", "un",
    "una", "uno",
];

/// Stop words of a language, folded and sorted; none for a language that is not known.
pub fn stop_words(language: &str) -> &'static [&'static str] {
    match language.split(['-', '_']).next().unwrap_or_default() {
        "en" => ENGLISH,
        "pt" => PORTUGUESE,
        "es" => SPANISH,
        "fr" => FRENCH,
        "de" => GERMAN,
        "it" => ITALIAN,
        _ => &[],
    }
}

/// Whether a folded word is a stop word of the language.
pub fn is_stop_word(word: &str, language: &str) -> bool {
    stop_words(language).contains(&word)
}

/// The language that most of the common words in the beginning of `text` belong to; none when there are too few.
pub fn guess_language(text: &str) -> Option<&'static str> {
    let beginning: String = text.chars().take(8_000).collect();
    let (mut counts, mut total) = ([0_usize; LANGUAGES.len()], 0_usize);
    each_word(&beginning, |word| {
        total += 1;
        for (count, language) in counts.iter_mut().zip(LANGUAGES) {
            *count += usize::from(is_stop_word(word, language));
        }
    });
    let (language, best) = LANGUAGES.iter().zip(counts).max_by_key(|(_, count)| *count)?;
    (best >= 3 && best * 8 >= total).then_some(*language)
}

#[cfg(test)]
mod tests {
    use super::guess_language;

    #[test]
    fn languages_are_known_by_their_common_words() {
        for (text, expected) in [
            ("The contract ends when both of the parties have signed it.", Some("en")),
            (
                "O contrato termina quando as partes assinam e não há mais dúvidas.",
                Some("pt"),
            ),
            (
                "El contrato termina cuando las partes firman y no hay más dudas.",
                Some("es"),
            ),
            (
                "Der Vertrag endet, wenn die Parteien ihn nicht mit Frist verlängern.",
                Some("de"),
            ),
            ("42 17 99", None),
        ] {
            assert_eq!(guess_language(text), expected, "{text}");
        }
    }
}
