//! The inverted index and its scores: BM25 as Lucene computes it, over one field.
//!
//! score = Σ idf · tf / (tf + k1 · (1 − b + b · length / average)), with idf = ln(1 + (N − n + 0.5) / (n + 0.5)), k1 = 1.2
//! and b = 0.75 (Robertson and Zaragoza 2009, in the form of Lucene's `BM25Similarity`). N, n and the average are
//! those of the parts that are searched, so that what a reader may not read does not even weigh a word for him.

mod postings;

use postings::Postings;

/// How soon more of the same word stops counting.
pub(crate) const K1: f32 = 1.2;
/// How much the length of a passage counts.
pub(crate) const B: f32 = 0.75;

/// Passages that the same people may read, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// By the number of the term.
    postings: Vec<Postings>,
    /// Terms of each passage.
    lengths: Vec<u32>,
    /// Which passages are there; those that are gone keep their places until the index is made again.
    alive: Vec<bool>,
    count: usize,
    total: u64,
    /// Terms of the passage that is added.
    scratch: Vec<u32>,
}

impl Part {
    /// Adds a passage with these terms and gives its place.
    pub(crate) fn add(&mut self, terms: impl FnOnce(&mut dyn FnMut(u32))) -> usize {
        let place = self.lengths.len();
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        terms(&mut |term| scratch.push(term));
        let length = scratch.len();
        scratch.sort_unstable();
        for run in scratch.chunk_by(|a, b| a == b) {
            let Some(term) = run.first().and_then(|term| usize::try_from(*term).ok()) else {
                continue;
            };
            if self.postings.len() <= term {
                self.postings.resize_with(term + 1, Postings::default);
            }
            if let Some(postings) = self.postings.get_mut(term) {
                postings.push(place, run.len());
            }
        }
        self.scratch = scratch;
        self.lengths.push(u32::try_from(length).unwrap_or(u32::MAX));
        self.alive.push(true);
        self.count += 1;
        self.total += length as u64;
        place
    }

    /// Takes a passage away.
    pub(crate) fn remove(&mut self, place: usize) {
        if let (Some(alive), Some(length)) = (self.alive.get_mut(place), self.lengths.get(place))
            && std::mem::take(alive)
        {
            self.count -= 1;
            self.total -= u64::from(*length);
        }
    }

    /// Passages that are there.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Places, those of passages that are gone included.
    pub(crate) fn places(&self) -> usize {
        self.lengths.len()
    }

    /// The passages with a term that are there, and how often each has it.
    fn hits(&self, term: u32) -> Vec<(u32, u32)> {
        let postings = usize::try_from(term).ok().and_then(|term| self.postings.get(term));
        let Some(postings) = postings else { return Vec::new() };
        let is_whole = self.count == self.lengths.len();
        let is_alive = |place: u32| usize::try_from(place).is_ok_and(|place| self.alive.get(place) == Some(&true));
        postings
            .iter()
            .filter(|(place, _)| is_whole || is_alive(*place))
            .collect()
    }

    /// Bytes that it takes, roughly.
    pub(crate) fn bytes(&self) -> usize {
        self.postings.iter().map(Postings::bytes).sum::<usize>() + self.lengths.len() * 5
    }
}

/// A part to be searched, with the numbers that the question's terms have there, in the question's order.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) part: &'a Part,
    pub(crate) terms: Vec<Option<u32>>,
}

/// A passage that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    /// The part, by its place in the list.
    pub(crate) part: usize,
    /// The passage's place there.
    pub(crate) place: usize,
    /// Its BM25 score.
    pub(crate) score: f32,
    /// How much of the question's weight it holds, 0 to 1.
    pub(crate) coverage: f32,
}

/// The best `limit` passages, the best first; of equal ones the earlier.
pub(crate) fn search(asked: &[Asked<'_>], limit: usize) -> Vec<Scored> {
    let count: usize = asked.iter().map(|asked| asked.part.count).sum();
    let total: u64 = asked.iter().map(|asked| asked.part.total).sum();
    if count == 0 || limit == 0 {
        return Vec::new();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "counts of passages and words are far below 2^24 or only weigh"
    )]
    let (passages, average) = (count as f32, (total as f64 / count as f64) as f32);
    let terms = asked.iter().map(|asked| asked.terms.len()).max().unwrap_or_default();
    let mut sums: Vec<Vec<(f32, f32)>> = asked
        .iter()
        .map(|asked| vec![(0.0, 0.0); asked.part.places()])
        .collect();
    let mut weight = 0.0_f32;
    for term in 0..terms {
        let hits: Vec<Vec<(u32, u32)>> = asked
            .iter()
            .map(|asked| match asked.terms.get(term) {
                Some(Some(number)) => asked.part.hits(*number),
                _ => Vec::new(),
            })
            .collect();
        let found: usize = hits.iter().map(Vec::len).sum();
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let found = found as f32;
        let idf = (1.0 + (passages - found + 0.5) / (found + 0.5)).ln();
        // A word that stands nowhere weighs no more than one that stands once: questions have words of their own.
        let known = found.max(1.0);
        let held = (1.0 + (passages - known + 0.5) / (known + 0.5)).ln();
        weight += held;
        for ((asked, hits), sums) in asked.iter().zip(hits).zip(&mut sums) {
            for (place, times) in hits {
                let place = usize::try_from(place).unwrap_or(usize::MAX);
                let (Some(length), Some(sum)) = (asked.part.lengths.get(place), sums.get_mut(place)) else {
                    continue;
                };
                #[expect(clippy::cast_precision_loss, reason = "as above")]
                let (times, length) = (times as f32, *length as f32);
                sum.0 += idf * times / (times + K1 * (1.0 - B + B * length / average));
                sum.1 += held;
            }
        }
    }
    let mut found: Vec<Scored> = sums
        .iter()
        .enumerate()
        .flat_map(|(part, sums)| {
            let scored = sums.iter().enumerate().filter(|(_, (score, _))| *score > 0.0);
            scored.map(move |(place, (score, held))| Scored {
                part,
                place,
                score: *score,
                coverage: held / weight,
            })
        })
        .collect();
    let best = |a: &Scored, b: &Scored| {
        b.score
            .total_cmp(&a.score)
            .then((a.part, a.place).cmp(&(b.part, b.place)))
    };
    if found.len() > limit {
        found.select_nth_unstable_by(limit, best);
        found.truncate(limit);
    }
    found.sort_unstable_by(best);
    found
}

#[cfg(test)]
mod tests;
