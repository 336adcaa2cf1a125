//! SEARCH and AUTOCOMPLETE.

use std::collections::HashSet;

use botlib::{Value, value::Map};
use botstate::{
    dialog::Fault,
    keyword::{Args, Turn},
};

use super::{Data, arguments::limit, find::list, source::Source};
use crate::{filter::Filter, tables::Wanted};

/// Rows that are given when no limit is.
const USUAL: usize = 10;

/// What a row must score to be found.
const LEAST: f64 = 0.3;

impl Data {
    pub(super) async fn search(&self, turn: &mut dyn Turn, mut args: Args, complete: bool) -> Result<Value, Fault> {
        let source = Source::of(turn, args.take("source"))?;
        let words = words(&args.text("text")?);
        let most = limit(&mut args)?.unwrap_or(USUAL);
        if words.is_empty() {
            return Ok(list(Vec::new()));
        }
        let rows = self.rows(turn, source, Wanted::of(Filter::all())).await?;
        let mut found: Vec<(f64, Map)> = rows
            .into_iter()
            .map(|row| (score(&row, &words, complete), row))
            .filter(|(score, _)| *score >= LEAST)
            .collect();
        found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        Ok(list(found.into_iter().take(most).map(|(_, row)| row).collect()))
    }
}

/// How well the texts of a row fit, from 0 to 1: the mean over the words of the best match of each.
fn score(row: &Map, wanted: &[String], complete: bool) -> f64 {
    let texts = row.iter().filter_map(|(_, value)| match value {
        Value::Text(text) => Some(words(text)),
        _ => None,
    });
    let present: Vec<String> = texts.flatten().collect();
    let best = |word: &String| {
        present
            .iter()
            .map(|other| match complete {
                true if other.starts_with(word.as_str()) => 1.0,
                true => 0.0,
                false => likeness(word, other),
            })
            .fold(0.0, f64::max)
    };
    let matches: Vec<f64> = wanted.iter().map(best).collect();
    // A word that is nowhere makes the row another one.
    if matches.iter().any(|score| *score < LEAST) {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody searches for so many words")]
    let count = matches.len() as f64;
    matches.iter().sum::<f64>() / count
}

/// How alike two words are: 1 when one contains the other, else the share of their trigrams.
fn likeness(wanted: &str, word: &str) -> f64 {
    if word == wanted {
        return 1.0;
    }
    if wanted.chars().count() > 1 && word.contains(wanted) {
        return 0.9;
    }
    let (a, b) = (trigrams(wanted), trigrams(word));
    let (shared, all) = (a.intersection(&b).count(), a.union(&b).count());
    #[expect(clippy::cast_precision_loss, reason = "words are short")]
    let share = shared as f64 / all.max(1) as f64;
    share
}

fn trigrams(word: &str) -> HashSet<[char; 3]> {
    let letters: Vec<char> = [' ', ' '].into_iter().chain(word.chars()).chain([' ']).collect();
    letters
        .windows(3)
        .filter_map(|three| <[char; 3]>::try_from(three).ok())
        .collect()
}

/// The words of a text in small letters without accents.
fn words(text: &str) -> Vec<String> {
    let plain: String = text.to_lowercase().chars().map(without_accent).collect();
    plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The letter without its accent, for the letters of western languages.
fn without_accent(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'ý' | 'ÿ' => 'y',
        other => other,
    }
}
