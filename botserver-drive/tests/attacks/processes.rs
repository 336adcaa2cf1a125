//! The process that reads: what happens when it cannot start, hangs or falls.

use std::time::Duration;

use botserver_drive::{ReaderProgram, extractor};
use botstate::document::{Extractor as _, Limits, Source};

use super::{block_on, patient, read_within};

fn page() -> Source {
    Source::Bytes {
        name: "page.html".to_owned(),
        bytes: "<!doctype html><body><p>Words</p></body>".into(),
    }
}

#[test]
fn without_a_process_documents_are_read_on_a_thread() {
    let reader = extractor(ReaderProgram::Other("/nowhere/at/all".into(), Vec::new()));

    let document = block_on(reader.extract(page(), patient())).expect("a page");

    assert_eq!(document.blocks.len(), 1);
}

#[test]
fn a_process_that_hangs_is_killed_when_its_time_is_up() {
    let limits = Limits {
        time: Duration::from_millis(200),
        ..Limits::default()
    };
    let reader = extractor(ReaderProgram::Other("/bin/sleep".into(), vec!["600".into()]));

    let error = block_on(reader.extract(page(), limits))
        .expect_err("too slow")
        .to_string();

    assert_eq!(
        error,
        "the document has more in it than can be read in its time, and 0.2 s is the limit"
    );
}

#[test]
fn a_process_that_falls_or_talks_nonsense_is_a_damaged_document() {
    for (program, arguments) in [("/bin/false", vec![]), ("/bin/echo", vec!["nonsense".into()])] {
        let reader = extractor(ReaderProgram::Other(program.into(), arguments));

        let error = block_on(reader.extract(page(), patient()))
            .expect_err("no document")
            .to_string();

        assert!(error.starts_with("the document is damaged: "), "{error}");
    }
}

#[test]
fn a_process_has_no_more_memory_than_it_may() {
    let limits = Limits {
        memory_bytes: 96 << 20,
        ..patient()
    };
    let page = format!("<!doctype html><body>{}", "<b>x</b>".repeat(2_000_000));

    let error = read_within("page.html", page.into_bytes(), limits)
        .expect_err("too much")
        .to_string();

    assert_eq!(
        error,
        "the document has more in it than fits in the memory for reading, and 96 MiB is the limit"
    );
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let limits = Limits {
        bytes: 1000,
        ..Limits::default()
    };

    let error = read_within("a.txt", vec![b'a'; 1001], limits)
        .expect_err("too large")
        .to_string();

    assert_eq!(
        error,
        "the document has more than 1000 bytes, and 1000 bytes is the limit"
    );
}
