//! Jobs, schedules, events, webhooks and other bots, in a server with the real language, engine and database.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

mod bots;
mod crash;
mod endless;
mod events;
mod jobs;
mod schedules;
mod support;
mod webhooks;
mod workflows;
