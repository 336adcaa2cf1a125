//! The domain through its router, on SQLite and, where there is one, on PostgreSQL.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests stop where something is not as expected"
)]

mod claims;
mod keys;
mod keywords;
mod matrix;
mod passwords;
mod people;
mod record;
mod sessions;
mod support;
mod tenants;
mod visitors;
