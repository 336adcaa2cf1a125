//! The embedded index: every vector that the reader may read is compared, so that nothing is ever missed.
//!
//! Vectors with the same readers lie in one matrix. A large one keeps its numbers in eight bits each: the scan gives
//! a few times as many candidates as are wanted, whose rows in the database then decide.

mod matrix;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use botstate::vector::{Near, Nearest, Point, Space, VectorError, VectorIndex};
use parking_lot::RwLock;
use uuid::Uuid;

use matrix::Matrix;

/// Vectors of one reader's class from which on eight bits a number are kept.
pub(crate) const SMALL_FROM: usize = 20_000;

/// Candidates of a scan in eight bits for each point that is wanted.
const CANDIDATES: usize = 4;

/// Gives vectors as they were added.
#[async_trait]
pub trait Originals: Send + Sync + 'static {
    /// The vectors of these points, as far as they are known.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn vectors(&self, space: &Space, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<f32>>, VectorError>;
}

/// The embedded index; cheap to clone.
#[derive(Clone)]
pub struct Exact {
    spaces: Arc<RwLock<HashMap<Space, Arc<RwLock<Held>>>>>,
    originals: Arc<dyn Originals>,
    small_from: usize,
}

/// The points of a space.
#[derive(Default)]
struct Held {
    /// By who may read them.
    parts: HashMap<String, Matrix>,
    /// Where each point is.
    readers: HashMap<Uuid, Arc<str>>,
    names: HashMap<String, Arc<str>>,
}

impl Exact {
    /// An index without points that looks vectors up in `originals`.
    pub fn new(originals: Arc<dyn Originals>) -> Self {
        Self {
            spaces: Arc::default(),
            originals,
            small_from: SMALL_FROM,
        }
    }

    /// The same with eight bits a number from `points` vectors on.
    #[must_use]
    pub fn small_from(self, points: usize) -> Self {
        Self {
            small_from: points,
            ..self
        }
    }

    /// Bytes that the vectors of a collection take.
    pub(crate) fn bytes(&self, collection: Uuid) -> usize {
        let spaces = self.spaces.read();
        let own = spaces.iter().filter(|(space, _)| space.collection == collection);
        own.map(|(_, held)| held.read().bytes()).sum()
    }

    fn held(&self, space: &Space) -> Option<Arc<RwLock<Held>>> {
        self.spaces.read().get(space).cloned()
    }
}

impl Held {
    fn add(&mut self, point: Point, small_from: usize) {
        self.take(point.id);
        let name = self
            .names
            .entry(point.access.clone())
            .or_insert_with(|| point.access.as_str().into());
        self.readers.insert(point.id, Arc::clone(name));
        let matrix = self.parts.entry(point.access).or_default();
        matrix.add(point.id, point.document, &point.vector);
        if matrix.len() >= small_from {
            matrix.shrink();
        }
    }

    fn take(&mut self, id: Uuid) {
        if let Some(readers) = self.readers.remove(&id)
            && let Some(matrix) = self.parts.get_mut(&*readers)
        {
            matrix.take(id);
        }
    }

    fn bytes(&self) -> usize {
        self.parts.values().map(Matrix::bytes).sum::<usize>() + self.readers.len() * 48
    }
}

#[async_trait]
impl VectorIndex for Exact {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn is_volatile(&self) -> bool {
        true
    }

    async fn upsert(&self, space: &Space, points: Vec<Point>) -> Result<(), VectorError> {
        let held = Arc::clone(self.spaces.write().entry(space.clone()).or_default());
        let mut held = held.write();
        for point in points {
            held.add(point, self.small_from);
        }
        Ok(())
    }

    async fn remove(&self, space: &Space, documents: &[Uuid], keep: &[Uuid]) -> Result<(), VectorError> {
        let Some(held) = self.held(space) else { return Ok(()) };
        let (gone, keep): (HashSet<&Uuid>, HashSet<&Uuid>) = (documents.iter().collect(), keep.iter().collect());
        let mut held = held.write();
        let held = &mut *held;
        for matrix in held.parts.values_mut() {
            for id in matrix.of_documents(&gone) {
                if !keep.contains(&id) {
                    matrix.take(id);
                    held.readers.remove(&id);
                }
            }
        }
        Ok(())
    }

    async fn clear(&self, space: &Space) -> Result<(), VectorError> {
        self.spaces.write().remove(space);
        Ok(())
    }

    async fn search(&self, query: &Nearest) -> Result<Vec<Near>, VectorError> {
        let Some(held) = self.held(&query.space) else {
            return Ok(Vec::new());
        };
        let (vector, access, limit) = (query.vector.clone(), query.access.clone(), query.limit);
        let scan = tokio::task::spawn_blocking(move || scan(&held.read(), &vector, &access, limit));
        let (exact, mut rough) = scan.await.map_err(|error| VectorError {
            index: "embedded",
            reason: error.to_string(),
        })?;
        let mut found = exact;
        if !rough.is_empty() {
            rough.sort_unstable_by(nearer);
            rough.truncate(limit * CANDIDATES + 16);
            let ids: Vec<Uuid> = rough.iter().map(|near| near.id).collect();
            let originals = self.originals.vectors(&query.space, &ids).await?;
            found.extend(rough.into_iter().map(|near| {
                Near {
                    score: originals
                        .get(&near.id)
                        .map_or(near.score, |vector| matrix::dot(vector, &query.vector)),
                    ..near
                }
            }));
        }
        found.sort_unstable_by(nearer);
        found.truncate(limit);
        Ok(found)
    }
}

/// The nearest points of whole matrices, and candidates of small ones.
fn scan(held: &Held, vector: &[f32], access: &[String], limit: usize) -> (Vec<Near>, Vec<Near>) {
    let (mut exact, mut rough) = (Vec::new(), Vec::new());
    for matrix in access.iter().filter_map(|access| held.parts.get(access)) {
        if matrix.is_small() {
            rough.extend(matrix.nearest(vector, limit * CANDIDATES + 16));
        } else {
            exact.extend(matrix.nearest(vector, limit));
        }
    }
    (exact, rough)
}

/// The nearer point first; of two that are as near, the lower id.
fn nearer(a: &Near, b: &Near) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then(a.id.cmp(&b.id))
}

impl std::fmt::Debug for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exact").finish_non_exhaustive()
    }
}
