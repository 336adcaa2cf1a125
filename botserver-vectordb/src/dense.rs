//! Indices of vectors: in memory over rows of the database, and in Qdrant.

mod exact;
mod qdrant;
mod rows;

pub use exact::{Exact, Originals};
pub use qdrant::Qdrant;

impl Exact {
    /// An index without points over the rows of the database.
    pub fn over(db: botstate::Db) -> Self {
        Self::new(std::sync::Arc::new(rows::Rows(db)))
    }
}
