//! Finding the binary under test, and building it where that is due.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use anyhow::{Context as _, ensure};

use crate::servers::variable;

/// The binary under test: `BOTSERVER_BIN`, or the one beside the running test. It is built here when it is
/// missing or older than the sources, as it may be when the tests of one package run alone.
///
/// # Errors
/// When it does not build.
pub fn binary() -> anyhow::Result<PathBuf> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = BINARY.get_or_init(|| find_binary().map_err(|error| format!("{error:#}")));
    found.clone().map_err(anyhow::Error::msg)
}

fn find_binary() -> anyhow::Result<PathBuf> {
    if let Some(binary) = variable("BOTSERVER_BIN") {
        return Ok(std::path::absolute(binary)?);
    }
    let test = std::env::current_exe()?;
    // Tests lie in `<target>/<profile>/deps`.
    let profile = test.ancestors().nth(2).context("find the target folder of this test")?;
    let binary = profile.join("botserver");
    let built = std::fs::metadata(&binary).and_then(|file| file.modified());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if built.is_err() || built.ok() < newest_source(&workspace) {
        build(profile, &workspace)?;
    }
    ensure!(
        binary.is_file(),
        "{} is missing: build it, or set BOTSERVER_BIN",
        binary.display()
    );
    Ok(binary)
}

fn build(profile: &Path, workspace: &Path) -> anyhow::Result<()> {
    let mut cargo = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo.args(["build", "--package", "botserver", "--target-dir"]);
    cargo.arg(profile.parent().context("find the target folder of this test")?);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(workspace).output().context("run cargo build")?;
    ensure!(
        built.status.success(),
        "building botserver failed: {}",
        String::from_utf8_lossy(&built.stderr)
    );
    Ok(())
}

/// When a source of the binary last changed.
fn newest_source(workspace: &Path) -> Option<SystemTime> {
    fn newest(folder: &Path) -> Option<SystemTime> {
        let entries = std::fs::read_dir(folder).ok()?.flatten();
        let times = entries.filter_map(|entry| {
            let is_folder = entry.file_type().ok()?.is_dir();
            if is_folder {
                newest(&entry.path())
            } else {
                entry.metadata().ok()?.modified().ok()
            }
        });
        times.max()
    }
    let folders = std::fs::read_dir(workspace).ok()?.flatten().map(|entry| entry.path());
    let crates = folders.filter(|folder| folder.join("Cargo.toml").is_file() && !folder.ends_with("tests"));
    let sources = crates.map(|folder| folder.join("src"));
    sources
        .chain([workspace.join("migrations")])
        .filter_map(|folder| newest(&folder))
        .max()
}
