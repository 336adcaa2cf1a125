//! `botserver kb extract`, as an author calls it: the binary reads documents in processes of itself.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]
#![cfg(feature = "drive")]

use std::{
    fs,
    process::{Command, Output},
};

fn extract(folder: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_botserver"))
        .args(["kb", "extract"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn a_document_is_shown_as_markdown_or_json() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("page.html"),
        "<!doctype html><title>T</title><h1>Prices</h1><p>Ten euros.</p>",
    )
    .unwrap();

    let text = extract(folder.path(), &["page.html"]);
    let json = extract(folder.path(), &["page.html", "--json"]);

    assert_eq!(
        String::from_utf8_lossy(&text.stdout),
        "type: text/html\ntitle: T\n\n# Prices\n\nTen euros.\n"
    );
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["blocks"][1]["kind"]["text"], "Ten euros.");
}

#[test]
fn a_hostile_document_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("numbers.json"),
        format!("[{}0]", "0,".repeat(20 << 20)),
    )
    .unwrap();

    let refused = extract(folder.path(), &["numbers.json"]);

    assert_eq!(refused.status.code(), Some(1));
    let reason = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        reason.starts_with("numbers.json: the document has more in it than "),
        "{reason}"
    );
}
