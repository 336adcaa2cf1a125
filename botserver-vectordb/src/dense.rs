//! Indices of vectors: in memory over rows of the database.

mod exact;

pub use exact::{Exact, Originals};
