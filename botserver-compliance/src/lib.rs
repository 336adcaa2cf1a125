//! What the server can prove: the audit log.
//!
//! Domains note [acts](botstate::audit::Act) in the transactions of what they tell of. This domain seals them into one
//! chain of entries for each organisation, in which each entry holds the hash of the one before, and verifies, lists,
//! exports and prunes it.

mod chain;
mod error;
mod routes;
mod seal;
mod service;
mod store;
mod sweep;
mod verify;

pub use chain::Entry;
pub use error::Error;
pub use service::{ComplianceService, Head};
pub use verify::{Broken, Expected, Verified};
