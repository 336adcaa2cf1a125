//! Measures the server beside bare baselines, on the same machine and in the same run.
//!
//! Absolute times move from machine to machine, ratios much less: next to each figure of the server stands that of
//! the least that could do such work (a bare WebSocket echo, a bare synchronous write, the bare interpreter). Server,
//! baseline and load client are processes of their own, so that their processor time and memory can be told apart.

mod bots;
mod cli;
mod client;
mod disk;
mod echo;
mod goals;
mod load;
mod measures;
mod model;
mod number;
mod plan;
mod process;
mod protocol;
mod report;
mod server;
mod usage;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Part};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.part {
        Some(Part::Echo) => echo::serve().map(|()| ExitCode::SUCCESS),
        Some(Part::Model) => model::serve().map(|()| ExitCode::SUCCESS),
        Some(Part::Load) => load::obey().map(|()| ExitCode::SUCCESS),
        None => measures::run(&cli),
    };
    result.unwrap_or_else(|error| {
        report::note(&format!("error: {error:#}"));
        ExitCode::from(2)
    })
}
