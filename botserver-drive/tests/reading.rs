//! Documents through the port, each format with its structure, and what is no document.

#![expect(clippy::expect_used, reason = "tests stop where what they need is missing")]

#[path = "reading/mails.rs"]
mod mails;
#[path = "reading/office.rs"]
mod office;
#[path = "reading/pdfs.rs"]
mod pdfs;
#[path = "reading/texts.rs"]
mod texts;
#[path = "reading/wrong.rs"]
mod wrong;

use std::path::PathBuf;

use botserver_drive::{DocumentReader, ExtractOptions, ReaderProgram, extract_file, extractor};
use botstate::document::{Document, ExtractError, Extractor as _, Limits, Source};

/// An extractor with a process for each document, as the server has it.
fn reader() -> DocumentReader {
    extractor(ReaderProgram::Other(
        env!("CARGO_BIN_EXE_read-document").into(),
        Vec::new(),
    ))
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

fn read(name: &str, bytes: impl AsRef<[u8]>) -> Result<Document, ExtractError> {
    let source = Source::Bytes {
        name: name.to_owned(),
        bytes: bytes.as_ref().to_vec().into(),
    };
    // Time enough for a machine that does other things too.
    let limits = Limits {
        time: std::time::Duration::from_mins(2),
        ..Limits::default()
    };
    block_on(reader().extract(source, limits))
}

/// What `kb extract` prints of a file with those bytes.
fn shown(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).expect("a file");
    block_on(extract_file(&reader(), &file, ExtractOptions::default())).expect("a document")
}

fn fixture(name: &str) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    std::fs::read(file).expect("a fixture")
}

fn shown_fixture(name: &str) -> String {
    shown(name, fixture(name))
}
