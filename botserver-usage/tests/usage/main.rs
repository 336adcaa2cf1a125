//! The ledger and the budgets, on each database, through the ports and the routes.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

mod budgets;
mod ledger;
mod support;
