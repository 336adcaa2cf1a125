//! Jobs, schedules, events and webhooks: whatever a bot does without being asked, and the only clock-driven work.
//!
//! Everything here ends in an [`Order`](botstate::run::Order), which the turn engine carries out like a message. What
//! must not be lost is a row: a [job](botstate::job) commits with the turn that asks for it, is done at least once, and
//! carries an id under which its effects are done exactly once.

mod error;
mod jobs;
mod keywords;
mod presence;
mod queue;
mod routes;
mod rule;
mod service;
mod store;
mod worker;

pub use error::Error;
pub use queue::Queue;
pub use service::{Planned, TasksService};

/// The keywords as a checker knows them: without a server behind them they fault when they are performed.
pub fn known_keywords() -> Vec<botstate::keyword::Keyword> {
    keywords::keywords(None)
}
