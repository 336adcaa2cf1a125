//! The dialog language from outside: scripts in, transcripts out.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so; helpers of tests count as production code otherwise"
)]

mod calls;
mod diagnostics;
mod driver;
mod errors;
mod expressions;
mod formatter;
mod functions;
mod fuzz;
mod hear;
mod jumps;
mod library;
mod limits;
mod lints;
mod parameters;
mod sections;
mod shapes;
mod state;
mod statements;
mod tables;
mod trace;
mod values;
mod workflows;
