//! One server that runs an organisation's bots.

mod cli;
mod commands;
mod compose;
mod config;
mod serve;
#[cfg(feature = "trial")]
mod trial;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_small();
    #[cfg(feature = "drive")]
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == botserver_drive::READER_ARGUMENT)
    {
        return botserver_drive::serve_reader();
    }
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

/// Memory in pages of 2 MiB is never given back in part: with them an idle server takes twice what it needs, and ten
/// thousand sessions a quarter more.
fn keep_small() {
    #[cfg(target_os = "linux")]
    // A kernel that does not know them has none to be without.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Says what went wrong and why, one cause a line.
fn fail(error: &anyhow::Error) -> ExitCode {
    use std::io::Write;
    let mut lines = vec![format!("error: {error}")];
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Many errors repeat their cause already.
        if !lines.last().is_some_and(|said| said.contains(&cause)) {
            lines.push(format!("  because {cause}"));
        }
    }
    let text = lines.join("\n") + "\n";
    // When even this cannot be written there is nobody to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(2)
}
