//! The manual and the grammar for editors in this repository are those of the binary.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The files of the manual below a folder, with their texts.
fn manual(folder: &Path) -> BTreeMap<String, String> {
    let pages = fs::read_dir(folder.join("keywords")).unwrap();
    let mut names: Vec<String> = pages
        .map(|entry| format!("keywords/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    names.extend(["keywords.md", "functions.md"].map(str::to_owned));
    names
        .into_iter()
        .map(|name| {
            let text = fs::read_to_string(folder.join(&name)).unwrap();
            (name, text)
        })
        .collect()
}

#[test]
fn the_manual_in_the_repository_is_what_the_binary_writes() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let fresh = tempfile::tempdir().unwrap();
    let grammar = fresh.path().join("basic.tmLanguage.json");

    let output = Command::new(env!("CARGO_BIN_EXE_botserver"))
        .args(["bot", "manual", "--out"])
        .arg(fresh.path())
        .arg("--grammar")
        .arg(&grammar)
        .current_dir(fresh.path())
        .output()
        .unwrap();

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (kept, made) = (manual(&root.join("docs")), manual(fresh.path()));
    let differ: Vec<&String> = made
        .keys()
        .chain(kept.keys())
        .filter(|name| made.get(*name) != kept.get(*name))
        .collect();
    let colours = fs::read_to_string(root.join("editors/vscode/basic.tmLanguage.json")).unwrap();
    assert!(
        differ.is_empty() && colours == fs::read_to_string(grammar).unwrap(),
        "{differ:?} or the grammar are old: run `cargo run -p botserver -- bot manual --out docs \
         --grammar editors/vscode/basic.tmLanguage.json`"
    );
}
