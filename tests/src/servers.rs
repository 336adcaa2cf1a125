//! Real servers, one of each for a test process, and own ones for tests that stop or break them.
//!
//! `DATABASE_URL` (when it names a PostgreSQL server) and `REDIS_URL` name servers to share instead of starting
//! one; `TEST_DATABASE_URL` and `TEST_REDIS_URL` come before them. Only new databases and keys with names of
//! their own are touched there. A test that stops a server always starts its own. `TEST_WITHOUT_SERVERS` leaves
//! all of them out, as on a machine where nothing is installed.

mod postgres;
mod qdrant;
mod redis;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub use postgres::{Database, Postgres};
pub use qdrant::Qdrant;
pub use redis::Redis;

use crate::skip;

/// A variable of the test run.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads the environment of its run, not configuration"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The address of a server that was named for tests, or for use, in one of `schemes`.
fn named(test: &str, usual: &str, schemes: &[&str]) -> Option<String> {
    let url = variable(test).or_else(|| variable(usual))?;
    schemes.iter().any(|scheme| url.starts_with(scheme)).then_some(url)
}

/// A program in `PATH`, such as a tool that a suite calls; none, with a line that says so, where it is missing.
///
/// # Panics
/// In CI when it is missing.
pub fn program(name: &str) -> Option<PathBuf> {
    let found = find_server(&[name], &[]);
    if found.is_none() {
        skip::skipped(&format!("no {name}: install it, or run `.ci/run install`"));
    }
    found
}

/// A program in `PATH` that few machines have, and no run needs.
pub fn rare_program(name: &str) -> Option<PathBuf> {
    find_server(&[name], &[])
}

/// A server or tool, unless the run does without.
fn find_server(names: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    if variable("TEST_WITHOUT_SERVERS").is_some() {
        return None;
    }
    find_program(names, folders)
}

/// The first of `names` in `folders` or in `PATH`.
fn find_program(names: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let everywhere = folders.iter().chain(&in_path);
    names.iter().find_map(|name| {
        everywhere
            .clone()
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    })
}

/// Whether this process may do everything, which PostgreSQL refuses to run with.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A command that runs `program` as `user`, whom it can only become when started as root.
fn command_as(user: Option<&str>, program: &Path) -> Command {
    let Some(user) = user else { return Command::new(program) };
    let mut command;
    if find_program(&["setpriv"], &[]).is_some() {
        command = Command::new("setpriv");
        command
            .arg(format!("--reuid={user}"))
            .arg(format!("--regid={user}"))
            .args(["--init-groups", "--"]);
    } else {
        command = Command::new("runuser");
        command.args(["-u", user, "--"]);
    }
    command.arg(program);
    command
}

/// A new folder that `user` may write to.
fn folder_for(user: Option<&str>) -> anyhow::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("botserver-test-").tempdir()?;
    if let Some(user) = user {
        let status = Command::new("chown")
            .arg(user)
            .arg(folder.path())
            .stderr(Stdio::null())
            .status()?;
        anyhow::ensure!(status.success(), "giving {} to {user} failed", folder.path().display());
    }
    Ok(folder)
}
