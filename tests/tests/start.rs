//! The binary as somebody meets it first: in an empty folder, and on the command line.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

#[path = "start/commands.rs"]
mod commands;
#[path = "start/first.rs"]
mod first;
#[path = "start/reload.rs"]
mod reload;
