//! Vectors in one piece of memory, as they are or in eight bits a number.

use std::collections::{HashMap, HashSet};

use botstate::vector::Near;
use uuid::Uuid;

use super::nearer;

/// The largest number of a question in small numbers: twelve bits, so that products of 16,384 numbers fit into 32.
const QUESTION: f32 = 1023.0;
/// The largest number of a vector in small numbers.
const ROW: f32 = 127.0;
/// Numbers that are added up side by side, which the compiler makes wide instructions of.
const LANES: usize = 16;

/// Vectors of the same length.
#[derive(Debug, Default)]
pub(super) struct Matrix {
    width: usize,
    ids: Vec<Uuid>,
    documents: Vec<Uuid>,
    places: HashMap<Uuid, usize>,
    numbers: Numbers,
}

#[derive(Debug)]
enum Numbers {
    Whole(Vec<f32>),
    Small {
        numbers: Vec<i8>,
        /// What each row's numbers are to be multiplied with.
        scales: Vec<f32>,
    },
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Whole(Vec::new())
    }
}

impl Matrix {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn is_small(&self) -> bool {
        matches!(self.numbers, Numbers::Small { .. })
    }

    /// Adds a vector; one of another width than those before cannot be compared with them and is left out.
    pub(super) fn add(&mut self, id: Uuid, document: Uuid, vector: &[f32]) {
        if self.ids.is_empty() {
            self.width = vector.len();
        }
        if vector.len() != self.width || vector.is_empty() {
            return;
        }
        self.places.insert(id, self.ids.len());
        self.ids.push(id);
        self.documents.push(document);
        match &mut self.numbers {
            Numbers::Whole(numbers) => numbers.extend_from_slice(vector),
            Numbers::Small { numbers, scales } => push_small(numbers, scales, vector),
        }
    }

    /// Takes a vector away; the last one takes its place.
    pub(super) fn take(&mut self, id: Uuid) {
        let Some(place) = self.places.remove(&id) else { return };
        self.ids.swap_remove(place);
        self.documents.swap_remove(place);
        if let Some(moved) = self.ids.get(place) {
            self.places.insert(*moved, place);
        }
        match &mut self.numbers {
            Numbers::Whole(numbers) => swap_remove(numbers, place, self.width),
            Numbers::Small { numbers, scales } => {
                swap_remove(numbers, place, self.width);
                scales.swap_remove(place);
            }
        }
    }

    /// Keeps eight bits a number from now on.
    pub(super) fn shrink(&mut self) {
        if let Numbers::Whole(whole) = &self.numbers {
            let (mut numbers, mut scales) = (Vec::with_capacity(whole.len()), Vec::with_capacity(self.ids.len()));
            for row in whole.chunks_exact(self.width.max(1)) {
                push_small(&mut numbers, &mut scales, row);
            }
            self.numbers = Numbers::Small { numbers, scales };
        }
    }

    /// The points of some documents.
    pub(super) fn of_documents(&self, documents: &HashSet<&Uuid>) -> Vec<Uuid> {
        let own = self.documents.iter().zip(&self.ids);
        own.filter(|(document, _)| documents.contains(document))
            .map(|(_, id)| *id)
            .collect()
    }

    /// The nearest points.
    pub(super) fn nearest(&self, vector: &[f32], limit: usize) -> Vec<Near> {
        if vector.len() != self.width || limit == 0 {
            return Vec::new();
        }
        let mut best = Best::new(limit);
        let points = self.ids.iter().zip(&self.documents);
        match &self.numbers {
            Numbers::Whole(numbers) => {
                for ((id, document), row) in points.zip(numbers.chunks_exact(self.width)) {
                    best.offer(*id, *document, dot(row, vector));
                }
            }
            Numbers::Small { numbers, scales } => {
                let (question, scale) = small_question(vector);
                let rows = numbers.chunks_exact(self.width).zip(scales);
                for ((id, document), (row, row_scale)) in points.zip(rows) {
                    best.offer(*id, *document, small_dot(row, &question) * row_scale * scale);
                }
            }
        }
        best.into_sorted()
    }

    pub(super) fn bytes(&self) -> usize {
        let numbers = match &self.numbers {
            Numbers::Whole(numbers) => numbers.capacity() * 4,
            Numbers::Small { numbers, scales } => numbers.capacity() + scales.capacity() * 4,
        };
        numbers + self.ids.capacity() * 32 + self.places.capacity() * 25
    }
}

/// The best points so far; a full list is cut down only now and then.
struct Best {
    limit: usize,
    floor: f32,
    found: Vec<Near>,
}

impl Best {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            floor: f32::NEG_INFINITY,
            found: Vec::with_capacity(limit * 4 + 64),
        }
    }

    fn offer(&mut self, id: Uuid, document: Uuid, score: f32) {
        // As near as the worst may still be better, by its id.
        if score < self.floor {
            return;
        }
        self.found.push(Near { id, document, score });
        if self.found.len() == self.found.capacity() {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.found.len() > self.limit {
            let (_, worst, _) = self.found.select_nth_unstable_by(self.limit - 1, nearer);
            self.floor = worst.score;
            self.found.truncate(self.limit);
        }
    }

    fn into_sorted(mut self) -> Vec<Near> {
        self.cut();
        self.found.sort_unstable_by(nearer);
        self.found
    }
}

/// The product of two vectors of the same width.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (rows, others) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = rows
        .remainder()
        .iter()
        .zip(others.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in rows.zip(others) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded and within the range by the scale"
)]
fn push_small(numbers: &mut Vec<i8>, scales: &mut Vec<f32>, vector: &[f32]) {
    let largest = vector.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
    let scale = if largest > 0.0 { largest / ROW } else { 1.0 };
    numbers.extend(vector.iter().map(|number| (number / scale).round() as i8));
    scales.push(scale);
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded and within the range by the scale"
)]
fn small_question(vector: &[f32]) -> (Vec<i16>, f32) {
    let largest = vector.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
    let scale = if largest > 0.0 { largest / QUESTION } else { 1.0 };
    (
        vector.iter().map(|number| (number / scale).round() as i16).collect(),
        scale,
    )
}

#[expect(clippy::cast_precision_loss, reason = "only the order of candidates depends on it")]
fn small_dot(row: &[i8], question: &[i16]) -> f32 {
    let mut sums = [0_i32; LANES];
    let (rows, questions) = (row.chunks_exact(LANES), question.chunks_exact(LANES));
    let product = |a: &i8, b: &i16| i32::from(*a) * i32::from(*b);
    let rest: i32 = rows
        .remainder()
        .iter()
        .zip(questions.remainder())
        .map(|(a, b)| product(a, b))
        .sum();
    for (a, b) in rows.zip(questions) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += product(a, b);
        }
    }
    (sums.iter().sum::<i32>() + rest) as f32
}

fn swap_remove<T: Copy>(numbers: &mut Vec<T>, place: usize, width: usize) {
    let last = numbers.len().saturating_sub(width);
    numbers.copy_within(last.., place * width);
    numbers.truncate(last);
}
