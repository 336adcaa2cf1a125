//! The commands, one file each.

#[cfg(feature = "compliance")]
mod audit;
#[cfg(feature = "auto")]
mod bot;
mod doctor;
#[cfg(feature = "drive")]
mod kb;
#[cfg(feature = "auth")]
mod key;
mod migrate;
#[cfg(feature = "llm")]
mod models;
mod settings;
#[cfg(feature = "auth")]
mod user;

#[cfg(feature = "trial")]
pub(crate) use bot::keywords;

use std::process::ExitCode;

use botstate::Config;

use crate::{cli::Command, serve};

/// Carries out `command`.
pub(crate) async fn run(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => serve::run(config).await,
        Command::Doctor => doctor::run(config).await,
        #[cfg(feature = "auto")]
        Command::Bot(command) => bot::run(command, config).await,
        #[cfg(feature = "drive")]
        Command::Kb(command) => kb::run(command).await,
        #[cfg(feature = "auth")]
        Command::User(command) => user::run(command, config).await,
        #[cfg(feature = "auth")]
        Command::Key(command) => key::run(command, config).await,
        #[cfg(feature = "llm")]
        Command::Models(command) => models::run(command, config).await,
        #[cfg(feature = "compliance")]
        Command::Audit(command) => audit::run(command, config).await,
        Command::Migrate => migrate::run(config).await,
        Command::Settings => settings::run(),
    }
}

/// Prints to standard output; a closed pipe is not an error.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
