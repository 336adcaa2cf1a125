//! What models were asked, what it cost, and the budgets that stop them.
//!
//! [`UsageService`] stands between whoever asks a model and the model: [`UsageService::models`] and
//! [`UsageService::embedders`] wrap the ports, so nothing is asked that is not counted. A call first reserves what it
//! will probably cost in every budget that it falls under, is refused where that does not fit, and is settled with what
//! it really cost. Calls are written down in batches in the background; a clean stop writes the last of them.
//!
//! Invariant: reservations and what was spent are rows that change in one statement each, so nodes that share a database
//! share the budgets, and no two of them can both take the last of one.

mod error;
mod ledger;
mod meter;
mod metered;
mod model;
mod routes;
mod service;
mod store;

pub use error::Error;
pub use service::UsageService;
