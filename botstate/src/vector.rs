//! The port to indices of vectors: which points lie nearest to a vector, among those that a reader may read.
//!
//! Rows of the database are the truth; an index can always be made from them again. Whoever fills it names for each
//! point who may read it, and whoever searches names what the reader may read: the filter is part of the search, so
//! that nothing else has any influence on what comes back.

use async_trait::async_trait;
use botlib::{BotId, OrgId};
use uuid::Uuid;

/// Finds the nearest points.
#[async_trait]
pub trait VectorIndex: Send + Sync + 'static {
    /// Its name, such as `embedded`.
    fn name(&self) -> &'static str;

    /// Whether points are gone with the process, so that whoever searches brings them first.
    fn is_volatile(&self) -> bool;

    /// Adds points, in place of those with the same ids.
    ///
    /// # Errors
    /// When the index cannot be reached or refuses.
    async fn upsert(&self, space: &Space, points: Vec<Point>) -> Result<(), VectorError>;

    /// Takes away every point of these documents but those whose ids are in `keep`.
    ///
    /// # Errors
    /// When the index cannot be reached or refuses.
    async fn remove(&self, space: &Space, documents: &[Uuid], keep: &[Uuid]) -> Result<(), VectorError>;

    /// Takes away every point of the space.
    ///
    /// # Errors
    /// When the index cannot be reached or refuses.
    async fn clear(&self, space: &Space) -> Result<(), VectorError>;

    /// The nearest points, the nearest first; of points that are equally near, the one with the lower id.
    ///
    /// # Errors
    /// When the index cannot be reached or refuses.
    async fn search(&self, query: &Nearest) -> Result<Vec<Near>, VectorError>;
}

/// Points that may be compared: of one collection, by one embedder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Space {
    /// The organisation.
    pub org: OrgId,
    /// The bot.
    pub bot: BotId,
    /// The collection.
    pub collection: Uuid,
    /// The embedder, as [`Embedder::id`](crate::embed::Embedder::id) names it.
    pub embedder: String,
}

/// A passage as a vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The passage.
    pub id: Uuid,
    /// Its document.
    pub document: Uuid,
    /// Who may read it: points with the same text have the same readers.
    pub access: String,
    /// The vector, of length 1.
    pub vector: Vec<f32>,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// Where.
    pub space: Space,
    /// The vector, of length 1.
    pub vector: Vec<f32>,
    /// What the reader may read, by [`Point::access`].
    pub access: Vec<String>,
    /// Points wanted at most.
    pub limit: usize,
}

/// A point that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The passage.
    pub id: Uuid,
    /// Its document.
    pub document: Uuid,
    /// The cosine of the angle between both vectors.
    pub score: f32,
}

/// Why an index failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the index {index} failed: {reason}")]
pub struct VectorError {
    /// The index.
    pub index: &'static str,
    /// What happened.
    pub reason: String,
}
