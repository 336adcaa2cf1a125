//! `docs/forms.md`: every row of the reference with its forms and the tests that show them.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf};

use crate::{SECTIONS, case};

/// The rows of the reference, one a line.
const ROWS: &str = include_str!("rows.txt");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[test]
fn every_row_of_the_reference_has_a_form_that_is_tested() {
    let known: BTreeSet<&str> = lines(ROWS).collect();
    let cases: Vec<case::Case> = SECTIONS.iter().flat_map(|(name, _)| case::read(name)).collect();
    let shown: BTreeSet<&str> = cases.iter().map(|case| case.row.as_str()).collect();

    let strange: Vec<&&str> = shown.iter().filter(|row| !known.contains(**row)).collect();
    assert!(
        strange.is_empty(),
        "rows that the reference does not have: {strange:#?}"
    );
    let missing: BTreeSet<&str> = known.difference(&shown).copied().collect();
    assert!(missing.is_empty(), "rows without a test: {missing:#?}");
    for case in &cases {
        let Some(test) = &case.test else {
            let problem = case.transcript.contains("error B") && !case.form.contains("refused");
            assert!(
                !problem,
                "{} | {} cannot be read:\n{}",
                case.row, case.form, case.transcript
            );
            continue;
        };
        let (file, name) = test.split_once("::").unwrap_or((test, ""));
        let source = fs::read_to_string(root().join(file)).unwrap_or_default();
        assert!(
            source.contains(&format!("fn {name}(")),
            "{} | {}: there is no test {test}",
            case.row,
            case.form
        );
    }
}

#[test]
fn the_table_of_forms_is_up_to_date() {
    let mut text = String::from(
        "# Forms of the language\n\nEvery row of the language's reference with its forms and the test that shows each. \
         The scripts and their transcripts lie in `botserver-auto/tests/forms/cases`. This table is written by \
         `FORMS_UPDATE=1 cargo test -p botserver-auto --test forms`; a row without a test fails that suite.\n\n| Row | Form | Test |\n|---|---|---|\n",
    );
    let cases: Vec<(&str, case::Case)> = SECTIONS
        .iter()
        .flat_map(|(name, test)| case::read(name).into_iter().map(move |case| (*test, case)))
        .collect();
    let cell = |text: &str| text.replace('|', "\\|");
    for row in lines(ROWS) {
        let mut shown = false;
        for (test, case) in cases.iter().filter(|(_, case)| case.row == row) {
            shown = true;
            let shown_by = case.test.clone().unwrap_or_else(|| format!("forms::{test}"));
            writeln!(text, "| {} | `{}` | `{shown_by}` |", cell(row), cell(&case.form)).unwrap();
        }
        if !shown {
            writeln!(text, "| {} | | no test yet |", cell(row)).unwrap();
        }
    }
    let path = root().join("docs/forms.md");
    if wants_update() {
        fs::write(path, text).unwrap();
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "docs/forms.md is not what the cases say: run the suite with FORMS_UPDATE=1"
    );
}

/// Whether the tables are to be written again.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads the environment of its run, not configuration"
)]
pub(crate) fn wants_update() -> bool {
    std::env::var_os("FORMS_UPDATE").is_some()
}
