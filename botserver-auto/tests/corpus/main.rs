//! A corpus of scripts in the styles of existing packages: each is read, checked and formatted, and talks with a
//! scripted visitor as its golden transcript says.
//!
//! `<style>/<package>.gbai/…/<name>.bas` is a script, `<name>.talk` beside it is what its visitor and the services
//! around it say (see [`talk`]), and `<name>.golden` is what happened. `CORPUS_UPDATE=1` writes the transcripts anew.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so; helpers of tests count as production code otherwise"
)]

mod filter;
mod host;
mod play;
mod talk;
mod words;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use botserver_auto::basic::{self, Known};

use words::grammar;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Every script of the corpus, by its path below the corpus.
fn scripts() -> BTreeMap<String, String> {
    fn collect(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "bas") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(&root(), &root(), &mut found);
    found
}

/// Fails with all that is wrong, at most a screenful.
#[track_caller]
fn nothing(wrong: &[String]) {
    let shown: Vec<&str> = wrong.iter().take(12).map(String::as_str).collect();
    assert!(
        wrong.is_empty(),
        "{} scripts are wrong\n\n{}",
        wrong.len(),
        shown.join("\n\n")
    );
}

#[test]
fn the_corpus_has_scripts_of_every_style() {
    let scripts = scripts();

    let mut styles: BTreeMap<&str, usize> = BTreeMap::new();
    for name in scripts.keys() {
        *styles.entry(name.split('/').next().unwrap_or_default()).or_default() += 1;
    }

    assert!(scripts.len() >= 120, "{} scripts", scripts.len());
    assert_eq!(styles.keys().copied().collect::<String>(), "ABCDEF");
    assert!(styles.values().all(|count| *count >= 10), "{styles:?}");
}

#[test]
fn every_script_is_read_and_checked_without_an_error() {
    let grammar = grammar();
    let mut wrong = Vec::new();
    for (name, text) in scripts() {
        let parsed = basic::parse(&name, &text, &grammar);
        let mut errors: Vec<_> = parsed.diagnostics.clone();
        errors.extend(basic::check(&parsed, &Known::default()));
        if let Err(more) = basic::compile(&parsed) {
            errors.extend(more);
        }
        errors.retain(basic::Diagnostic::is_error);
        wrong.extend(errors.iter().map(|error| error.render(false)));
    }

    nothing(&wrong);
}

#[test]
fn every_script_is_formatted_to_one_form() {
    let grammar = grammar();
    let mut wrong = Vec::new();
    for (name, text) in scripts() {
        let once = match basic::format_script(&name, &text, &grammar) {
            Ok(once) => once,
            Err(errors) => {
                wrong.push(format!("{name} is refused: {}", errors[0].title));
                continue;
            }
        };
        let twice = basic::format_script(&name, &once, &grammar).unwrap_or_default();
        if once != twice {
            wrong.push(format!("{name} changes again\n-- once\n{once}\n-- twice\n{twice}"));
        }
        if once == text.replace("\r\n", "\n") && !name.contains("canonical") {
            wrong.push(format!("{name} was in canonical form before, which shows nothing"));
        }
    }

    nothing(&wrong);
}

#[test]
fn every_script_talks_as_its_golden_transcript_says() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test reads the environment of its run, not configuration"
    )]
    let update = std::env::var_os("CORPUS_UPDATE").is_some();
    let mut wrong = Vec::new();
    for (name, text) in scripts() {
        let path = root().join(&name);
        let found = play::transcript(&path, &text);
        let golden = path.with_extension("golden");
        if update {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{name}\n-- found\n{found}\n-- golden\n{expected}"));
        }
    }

    nothing(&wrong);
}

#[test]
fn a_formatted_script_does_what_it_did() {
    let grammar = grammar();
    let mut wrong = Vec::new();
    for (name, text) in scripts() {
        let path = root().join(&name);
        let Ok(formatted) = basic::format_script(&name, &text, &grammar) else {
            wrong.push(format!("{name} is refused"));
            continue;
        };
        let (before, after) = (play::transcript(&path, &text), play::transcript(&path, &formatted));
        if before != after {
            wrong.push(format!(
                "{name}\n-- before\n{before}\n-- after\n{after}\n-- formatted\n{formatted}"
            ));
        }
    }

    nothing(&wrong);
}
