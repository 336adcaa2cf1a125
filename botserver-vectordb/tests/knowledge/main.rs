//! What bots know, from files to answers, on every database that can be had.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

mod canaries;
mod collections;
mod embedders;
mod indexing;
#[cfg(feature = "local-models")]
mod local;
mod quality;
mod rerank;
mod support;
mod websites;
