//! What bots know from documents: collections, indexing, search and its citations.
//!
//! Folders of a package's `.gbkb`, and whatever the API is given, are collections of documents. [`KnowledgeService`]
//! keeps them in rows: documents with the hash of their bytes, passages with the hash of their text, vectors. A durable
//! job reads what is new; a search asks two indices that are made from the rows, one of words and one of vectors, and
//! mixes what they find.
//!
//! Invariant: what a reader may not read has no influence on what he gets. Passages lie apart by who may read them, and
//! a search, its statistics and its counts touch only what its reader may read.

mod access;
mod analyse;
mod backstage;
mod chunk;
mod dense;
mod error;
mod fuse;
mod keywords;
mod lexical;
mod library;
mod model;
mod package;
mod routes;
mod search;
mod service;
mod shelf;
mod sites;
mod store;

pub use dense::{Exact, Originals, Qdrant};
pub use error::Error;
pub use service::KnowledgeService;

/// The keywords as a checker knows them: without a server behind them they fault when they are performed.
pub fn known_keywords() -> Vec<botstate::keyword::Keyword> {
    keywords::keywords(&botstate::run::Late::default())
}
