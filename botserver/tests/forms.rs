//! The forms of the language's reference as this binary reads them, with the keywords that it really has.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use serde_json::Value;

/// Forms of services that this binary has in part: what it lacks is said when the form is reached.
const ELSEWHERE: [&str; 1] = ["2.5 FILL"];

/// A form: its row, its name and its script.
struct Form {
    row: String,
    script: String,
}

/// The cases of the language's own suite that are scripts without mistakes.
fn forms() -> Vec<Form> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../botserver-auto/tests/forms/cases");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for case in format!("\n{text}").split("\n=== ").skip(1) {
            let (row, rest) = case.split_once('\n').unwrap();
            let (script, transcript) = rest.split_once("\n---").unwrap_or((rest, ""));
            // What the case hears and what its keywords give, or the test that it names instead.
            let answers = |line: &&str| !["< ", "> ", "test: "].iter().any(|sign| line.starts_with(sign));
            let script: Vec<&str> = script.lines().filter(answers).collect();
            if !transcript.contains("error B") && !ELSEWHERE.iter().any(|known| row.starts_with(known)) {
                found.push(Form {
                    row: row.to_owned(),
                    script: script.join("\n"),
                });
            }
        }
    }
    found
}

#[test]
fn every_form_is_read_with_the_keywords_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let dialogs = folder.path().join("forms.gbai/forms.gbdialog");
    fs::create_dir_all(&dialogs).unwrap();
    let forms = forms();
    assert!(forms.len() > 250, "{}", forms.len());
    for (number, form) in forms.iter().enumerate() {
        fs::write(dialogs.join(format!("form{number:03}.bas")), &form.script).unwrap();
    }

    let output = Command::new(env!("CARGO_BIN_EXE_botserver"))
        .args(["bot", "check", "--json"])
        .arg(folder.path().join("forms.gbai"))
        .current_dir(folder.path())
        .output()
        .unwrap();

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for problem in report.get("diagnostics").unwrap().as_array().unwrap() {
        let member = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = member("file")
            .rsplit_once("/form")
            .and_then(|(_, name)| name.get(..3)?.parse::<usize>().ok());
        if let (Some(form), "error") = (number.and_then(|number| forms.get(number)), member("severity")) {
            wrong.entry(&form.row).or_default().push(member("title").to_owned());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
