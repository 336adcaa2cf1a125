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
    match variable("BOTSERVER_BIN") {
        Some(binary) => Ok(std::path::absolute(binary)?),
        None => fresh("botserver", &["--package", "botserver"]),
    }
}

/// The example `name` of the package `package`, built like [`binary`].
///
/// # Errors
/// When it does not build.
pub fn example(package: &str, name: &str) -> anyhow::Result<PathBuf> {
    fresh(&format!("examples/{name}"), &["--package", package, "--example", name])
}

/// The program at `path` in the folder of this build, built with `target` when that is due.
fn fresh(path: &str, target: &[&str]) -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    // Tests lie in `<target>/<profile>/deps`.
    let profile = test.ancestors().nth(2).context("find the target folder of this test")?;
    let program = profile.join(path);
    let built = std::fs::metadata(&program).and_then(|file| file.modified());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if built.is_err() || built.ok() < newest_source(&workspace) {
        build(profile, &workspace, target)?;
    }
    ensure!(
        program.is_file(),
        "{} is missing although it was built",
        program.display()
    );
    Ok(program)
}

fn build(profile: &Path, workspace: &Path, target: &[&str]) -> anyhow::Result<()> {
    let mut cargo = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo.arg("build").args(target).arg("--target-dir");
    cargo.arg(profile.parent().context("find the target folder of this test")?);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(workspace).output().context("run cargo build")?;
    ensure!(
        built.status.success(),
        "building with {target:?} failed: {}",
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
    let sources = crates.flat_map(|folder| ["src", "examples"].map(|part| folder.join(part)));
    sources
        .chain([workspace.join("migrations")])
        .filter_map(|folder| newest(&folder))
        .max()
}
