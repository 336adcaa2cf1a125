//! One server that runs an organisation's bots.

mod cli;
mod commands;
mod compose;
mod config;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    botserver_core::install_tls();
    let cli = Cli::parse();
    let config = match config::read(&cli.options) {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    let command = cli.command.unwrap_or(Command::Serve);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::anyhow!("could not start the threads of the server: {error}")),
    };
    match runtime.block_on(commands::run(command, config)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

/// Says what went wrong and why, one cause a line.
fn fail(error: &anyhow::Error) -> ExitCode {
    use std::io::Write;
    let mut text = format!("error: {error}\n");
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            text.push_str(&format!("  because {cause}\n"));
        }
        said = cause;
    }
    // When even this cannot be written there is nobody to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(2)
}
