//! Conversations through their front doors.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

mod answers;
mod budget;
mod doors;
mod injection;
mod knowledge;
mod limits;
mod memory;
mod order;
mod orders;
mod privacy;
mod prompts;
mod record;
mod recovery;
mod repeats;
mod rest;
mod resume;
mod streaming;
mod summaries;
mod support;
mod switchers;
mod tables;
mod tools;
mod transactions;
mod turns;
