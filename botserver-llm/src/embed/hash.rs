//! `hash-v1`: an embedder without a model. Words that look alike lie near each other; it knows nothing of meaning.
//!
//! Each word gives its light stem and the 3 and 4 letter pieces of itself between marks of its ends; each of these is
//! hashed to one of 1,024 dimensions and a sign (feature hashing, Weinberger et al. 2009). The vector has length 1.

use std::collections::HashMap;

use async_trait::async_trait;
use botlib::words::{LANGUAGES, each_word, is_stop_word, light_stem};
use botstate::{
    embed::{Embedder, Side},
    model::ModelError,
};

/// The name; a change of anything below needs another one.
pub(super) const ID: &str = "hash-v1";

const DIMENSIONS: usize = 1024;
const PIECE: f32 = 0.25;
const STOP: f32 = 0.05;

pub(super) struct HashV1;

#[async_trait]
impl Embedder for HashV1 {
    fn id(&self) -> &str {
        ID
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn max_tokens(&self) -> usize {
        8192
    }

    async fn embed(&self, texts: &[String], _: Side) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(texts.iter().map(|text| embed(text)).collect())
    }
}

/// The vector of a text; a text without words has that of the empty word, so that its length is 1 as well.
fn embed(text: &str) -> Vec<f32> {
    let mut counts: HashMap<u64, (f32, f32)> = HashMap::new();
    let mut add = |bytes: &[u8], kind: u8, weight: f32| {
        let entry = counts.entry(hash(bytes, kind)).or_insert((0.0, weight));
        entry.0 += 1.0;
    };
    let mut marked = String::new();
    each_word(text, |word| {
        let is_common = LANGUAGES.iter().any(|language| is_stop_word(word, language));
        let weight = if is_common { STOP } else { 1.0 };
        add(light_stem(word).as_bytes(), 0, weight);
        if is_common {
            return;
        }
        marked.clear();
        marked.push('^');
        marked.push_str(word);
        marked.push('$');
        let ends: Vec<usize> = marked.char_indices().map(|(at, _)| at).chain([marked.len()]).collect();
        for size in [3, 4] {
            for (from, to) in ends.iter().zip(ends.iter().skip(size)) {
                add(marked.as_bytes().get(*from..*to).unwrap_or_default(), 1, PIECE);
            }
        }
    });
    if counts.is_empty() {
        counts.insert(hash(b"", 0), (1.0, 1.0));
    }
    let mut vector = vec![0.0_f32; DIMENSIONS];
    // In the order of their hashes, because sums of floats depend on it.
    let mut features: Vec<(u64, (f32, f32))> = counts.into_iter().collect();
    features.sort_unstable_by_key(|(hash, _)| *hash);
    for (hash, (count, weight)) in features {
        let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
        let place = usize::try_from(hash % DIMENSIONS as u64).unwrap_or_default();
        if let Some(number) = vector.get_mut(place) {
            *number += sign * weight * count.sqrt();
        }
    }
    // Opposite features may leave nothing, which has no length to give it.
    super::normalise(&mut vector);
    vector
}

/// FNV-1a with a final mix, whose high and low bits are independent enough for a place and a sign.
fn hash(bytes: &[u8], kind: u8) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes.iter().chain([&kind]) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: &str, b: &str) -> f32 {
        embed(a).iter().zip(embed(b)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn texts_with_the_same_words_are_near_and_slips_of_the_finger_forgiven() {
        let text = "The invoice is paid within thirty days";
        assert!((near(text, text) - 1.0).abs() < 1e-5);
        assert!(near(text, "When are invoices paid?") > near(text, "Who repairs the coffee machine?") + 0.2);
        assert!(near("reembolso", "rembolso") > near("reembolso", "garantia") + 0.3);
    }

    #[test]
    fn vectors_stay_the_same() {
        let vector = embed("café");
        let set: Vec<usize> = (0..DIMENSIONS).filter(|at| vector[*at] != 0.0).collect();
        assert_eq!(set.len(), 8, "one word, four pieces of three letters, three of four");
        assert!((vector.iter().map(|n| n * n).sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(embed("café"), embed("CAFE"));
    }

    #[test]
    fn a_text_without_words_has_a_vector_of_length_one() {
        assert!((near("", "…") - 1.0).abs() < 1e-5);
    }
}
