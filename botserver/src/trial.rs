//! `botserver bot test`: conversations that are written down beside the dialogs, played against the whole server.
//!
//! Each test gets a server of its own in this process, on a folder of its own, and talks to it as a page does. Its
//! clock, chance, model and outside are the test's; everything else is what production runs. A test is played three
//! times, and expects the same each time: as it stands, with the server killed before every step, and with a client
//! that leaves in every turn and comes back.

mod backstage;
mod client;
mod coverage;
mod diff;
mod expect;
mod file;
mod junit;
mod model;
mod outcome;
mod outside;
mod package;
mod pattern;
mod play;
mod report;
mod stage;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use botstate::Config;
use futures::StreamExt as _;

use crate::cli::Test as Options;
use coverage::Coverage;
use file::Written;
use play::{Failure, Mode, Props};
use report::Report;

/// Something is not as a test expects.
const FAILED: u8 = 1;
/// The tests could not be played.
const UNABLE: u8 = 2;
/// Tests that are played at the same time, at most.
const TOGETHER: usize = 8;

/// What became of a test in one way of playing it.
pub(crate) struct Played {
    /// Where it stands in the list of all.
    pub(crate) file: PathBuf,
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) time: Duration,
    pub(crate) failure: Option<Failure>,
}

/// A test with its package.
struct Entry {
    file: PathBuf,
    package: PathBuf,
    written: Written,
}

/// Plays the tests that `options` name, and tells of them.
pub(crate) async fn run(options: Options, config: &Config) -> anyhow::Result<ExitCode> {
    let mut report = Report::new();
    let entries = match collect(&options, config) {
        Ok(entries) => entries,
        Err(mistakes) => {
            report.mistakes(&mistakes)?;
            return Ok(ExitCode::from(UNABLE));
        }
    };
    if entries.is_empty() {
        report.nothing(options.filter.as_deref())?;
        return Ok(ExitCode::from(UNABLE));
    }
    let coverage = match options.coverage {
        Some(_) => Some(Arc::new(Coverage::of(&packages(&entries), config)?)),
        None => None,
    };
    let props = Props {
        settings: config,
        trace: coverage.clone().map(|coverage| coverage as Arc<_>),
    };
    let played = play_all(&entries, &modes(&options), &props, &mut report).await?;
    let failed = played.iter().filter(|one| one.failure.is_some()).count();
    report.end(&played)?;
    if let Some(path) = &options.junit {
        write(path, &junit::document(&played))?;
    }
    if let (Some(coverage), Some(wanted)) = (&coverage, &options.coverage) {
        match wanted {
            Some(path) => write(path, &coverage.trace())?,
            None => report.say(&coverage.table())?,
        }
    }
    Ok(ExitCode::from(if failed > 0 { FAILED } else { 0 }))
}

async fn play_all(
    entries: &[Entry],
    modes: &[Mode],
    props: &Props<'_>,
    report: &mut Report,
) -> anyhow::Result<Vec<Played>> {
    let plays = entries
        .iter()
        .flat_map(|entry| modes.iter().map(move |mode| (entry, *mode)));
    let plays = plays.map(|(entry, mode)| async move {
        let begun = Instant::now();
        let result = play::play(&entry.written, &entry.package, mode, props).await;
        Played {
            file: entry.file.clone(),
            name: entry.written.test.name.clone(),
            mode,
            time: begun.elapsed(),
            failure: result.err(),
        }
    });
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let mut results = futures::stream::iter(plays).buffered(cores.min(TOGETHER));
    let mut played = Vec::new();
    while let Some(one) = results.next().await {
        report.played(&one)?;
        played.push(one);
    }
    Ok(played)
}

/// The ways to play: those that were asked for, or all.
fn modes(options: &Options) -> Vec<Mode> {
    let asked = [
        (Mode::Plain, options.plain),
        (Mode::Kill, options.kill),
        (Mode::Resume, options.resume),
    ];
    let some: Vec<Mode> = asked.into_iter().filter(|(_, is)| *is).map(|(mode, _)| mode).collect();
    if some.is_empty() { Mode::ALL.to_vec() } else { some }
}

fn packages(entries: &[Entry]) -> BTreeSet<PathBuf> {
    entries.iter().map(|entry| entry.package.clone()).collect()
}

/// Every test that is wanted.
///
/// # Errors
/// Everything that is wrong with the files, as text.
fn collect(options: &Options, config: &Config) -> Result<Vec<Entry>, Vec<String>> {
    let paths = if options.paths.is_empty() {
        std::slice::from_ref(&config.bots_dir)
    } else {
        options.paths.as_slice()
    };
    let mut mistakes = Vec::new();
    let mut entries = Vec::new();
    for path in paths {
        match package::tests(path) {
            Ok(files) => {
                for file in files {
                    read(&file, options.filter.as_deref(), &mut entries, &mut mistakes);
                }
            }
            Err(error) => mistakes.push(format!("{error:#}")),
        }
    }
    if mistakes.is_empty() {
        Ok(entries)
    } else {
        Err(mistakes)
    }
}

fn read(path: &Path, filter: Option<&str>, entries: &mut Vec<Entry>, mistakes: &mut Vec<String>) {
    let tests = match file::read(path) {
        Ok(tests) => tests,
        Err(found) => {
            mistakes.extend(found.iter().map(ToString::to_string));
            return;
        }
    };
    for written in tests {
        if filter.is_some_and(|wanted| !written.test.name.contains(wanted)) {
            continue;
        }
        match package::of(path, written.test.bot.as_deref()) {
            Ok(package) => entries.push(Entry {
                file: path.to_owned(),
                package,
                written,
            }),
            Err(error) => mistakes.push(format!("{}: {error:#}", path.display())),
        }
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}
