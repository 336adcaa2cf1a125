//! Packages as the server runs them: mounted, watched, their dialogs driven through the ports.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::future_not_send,
    reason = "helpers of tests may fail loudly, and stay on the thread of their test"
)]

mod commands;
mod dialogs;
mod files;
mod memory;
mod mounting;
mod mutations;
mod prompts;
mod questions;
mod reload;
mod requests;
mod rows;
mod sections;
mod shipped;
mod support;
mod tables;
