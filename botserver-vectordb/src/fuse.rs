//! What the index of words and that of vectors found, as one list.
//!
//! Both scores are brought to 0..1 and added with weights. Ranks alone would throw away how sure each index is: with
//! equal weights by rank a weak list makes a good one worse.

use std::collections::HashMap;

use botstate::dialog::Settings;
use uuid::Uuid;

/// A passage that one of the indices found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) chunk: Uuid,
    pub(crate) document: Uuid,
    /// Which of the searched collections it is in.
    pub(crate) collection: usize,
    /// The score of the words.
    pub(crate) words: f32,
    /// How much of the question's weight it holds.
    pub(crate) coverage: f32,
    /// The cosine; nothing where the vectors did not find it.
    pub(crate) cosine: Option<f32>,
    /// What it comes to, 0 to 1.
    pub(crate) score: f32,
}

/// How much each index counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weights {
    pub(crate) words: f32,
    pub(crate) vectors: f32,
    /// Whether a passage without any of the words can be an answer while others have some.
    pub(crate) needs_words: bool,
}

impl Weights {
    /// The weights for an embedder: one that only knows how words look decides between passages with the same words,
    /// one that knows meaning decides before the words do.
    pub(crate) fn of(embedder: &str) -> Self {
        if embedder.starts_with("hash-") {
            Self {
                words: 0.9,
                vectors: 0.1,
                needs_words: true,
            }
        } else {
            Self {
                words: 0.25,
                vectors: 0.75,
                needs_words: false,
            }
        }
    }
}

impl Weights {
    /// The same with what the settings of a bot say.
    pub(crate) fn with(self, settings: &Settings) -> Self {
        let off = |name| settings.flag(name) == Some(false);
        let weight = |name, usual| {
            settings
                .parse::<f32>(name)
                .filter(|weight| (0.0..=1.0).contains(weight))
                .unwrap_or(usual)
        };
        let set = Self {
            words: weight("rag-sparse-weight", self.words),
            vectors: weight("rag-dense-weight", self.vectors),
            ..self
        };
        // Something has to decide: with both at nothing the settings are as if they were not there.
        match (
            off("bm25-enabled") || off("rag-hybrid-enabled") || set.words == 0.0,
            set.vectors == 0.0,
        ) {
            (true, true) => self,
            (true, false) => Self {
                words: 0.0,
                vectors: 1.0,
                needs_words: false,
            },
            _ => set,
        }
    }
}

/// The candidates, the best first; of equal ones the one with the lower id.
pub(crate) fn fuse(found: Vec<Candidate>, weights: Weights) -> Vec<Candidate> {
    let mut by_chunk: HashMap<Uuid, Candidate> = HashMap::with_capacity(found.len());
    for one in found {
        by_chunk
            .entry(one.chunk)
            .and_modify(|known| {
                known.words = known.words.max(one.words);
                known.coverage = known.coverage.max(one.coverage);
                known.cosine = match (known.cosine, one.cosine) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
            })
            .or_insert(one);
    }
    let mut all: Vec<Candidate> = by_chunk.into_values().collect();
    let most_words = all.iter().map(|one| one.words).fold(0.0_f32, f32::max);
    if weights.needs_words && most_words > 0.0 {
        all.retain(|one| one.words > 0.0);
    }
    let cosines = || all.iter().filter_map(|one| one.cosine);
    let (low, high) = (cosines().fold(1.0_f32, f32::min), cosines().fold(-1.0_f32, f32::max));
    let has_vectors = high >= low;
    for one in &mut all {
        let words = if most_words > 0.0 { one.words / most_words } else { 0.0 };
        // What the vectors did not find is at most as near as the last that they did.
        let near = match one.cosine {
            Some(cosine) if high > low => (cosine - low) / (high - low),
            Some(_) => 1.0,
            None => 0.0,
        };
        one.score = match (most_words > 0.0, has_vectors) {
            (true, true) => weights.words * words + weights.vectors * near,
            (true, false) => words,
            (false, _) => near,
        };
    }
    all.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
    all
}
