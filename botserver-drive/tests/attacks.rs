//! Files made to hurt: each is refused within the limits with its reason, and the server does not notice.

#![expect(clippy::expect_used, reason = "tests stop where what they need is missing")]

#[path = "attacks/archives.rs"]
mod archives;
#[path = "attacks/mutations.rs"]
mod mutations;
#[path = "attacks/pdfs.rs"]
mod pdfs;
#[path = "attacks/processes.rs"]
mod processes;
#[path = "attacks/texts.rs"]
mod texts;
#[path = "attacks/watch.rs"]
mod watch;

use std::time::Duration;

use botserver_drive::{ReaderProgram, extractor};
use botstate::document::{Document, ExtractError, Extractor as _, Limits, Source};

use watch::Watch;

/// What reading may take, with nothing more for anybody.
const MEMORY: u64 = 256 << 20;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

fn read(name: &str, bytes: Vec<u8>) -> Result<Document, ExtractError> {
    read_within(name, bytes, Limits::default())
}

/// Time enough on a busy machine for all that is refused for another reason.
fn patient() -> Limits {
    Limits {
        time: Duration::from_mins(2),
        ..Limits::default()
    }
}

fn read_within(name: &str, bytes: Vec<u8>, limits: Limits) -> Result<Document, ExtractError> {
    let reader = extractor(ReaderProgram::Other(
        env!("CARGO_BIN_EXE_read-document").into(),
        Vec::new(),
    ));
    let source = Source::Bytes {
        name: name.to_owned(),
        bytes: bytes.into(),
    };
    block_on(reader.extract(source, limits))
}

/// Reads a hostile file and gives the reason for which it was refused; its process kept to its memory.
fn refused(name: &str, bytes: Vec<u8>) -> String {
    refused_within(name, bytes, patient())
}

fn refused_within(name: &str, bytes: Vec<u8>, limits: Limits) -> String {
    let size = bytes.len();
    let watch = Watch::start();
    let begun = std::time::Instant::now();
    let read = read_within(name, bytes, limits);
    let taken = begun.elapsed();
    let peak = watch.peak();
    let reason = read
        .map(|document| (name, document.blocks.len(), document.warnings))
        .expect_err("a refusal")
        .to_string();
    eprintln!(
        "{name}: {size} bytes, {:.2} s, {} MiB: {reason}",
        taken.as_secs_f64(),
        peak >> 20
    );
    assert!(peak <= MEMORY, "{name} took {} MiB", peak >> 20);
    reason
}

/// Reads a hostile file of which it is no matter whether it is read; its process kept to its memory.
fn survived(name: &str, bytes: Vec<u8>) {
    let size = bytes.len();
    let watch = Watch::start();
    let begun = std::time::Instant::now();
    let read = read(name, bytes);
    let taken = begun.elapsed();
    let peak = watch.peak();
    let end = read.map_or_else(
        |reason| reason.to_string(),
        |document| format!("read, {} blocks", document.blocks.len()),
    );
    eprintln!(
        "{name}: {size} bytes, {:.2} s, {} MiB: {end}",
        taken.as_secs_f64(),
        peak >> 20
    );
    assert!(peak <= MEMORY, "{name} took {} MiB", peak >> 20);
}
