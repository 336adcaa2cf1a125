//! The audit log, as its readers and its enemies meet it, on each database.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests stop where something is not as expected"
)]

mod chain;
mod http;
mod support;
