//! Every form of the language's reference, one case a form: a script and what happens when it runs.
//!
//! The cases lie in `cases/*.txt`, one file a section. A case begins with `=== row | form`, the row as the reference
//! calls it; then come lines `> answer` for what a person answers, `< json` for what a keyword gives back,
//! `test: file::name` for a form that another test shows, or the script, `---` and the transcript. With
//! `FORMS_UPDATE=1` the transcripts and `docs/forms.md` are written anew, to be read before they are kept.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so; helpers of tests count as production code otherwise"
)]

mod case;
#[path = "../language/driver.rs"]
#[expect(dead_code, reason = "the driver of the language's tests does more than cases need")]
mod driver;
mod registry;
mod table;

use case::Case;

/// Runs the cases of a section.
#[track_caller]
fn section(name: &str) {
    let cases = case::read(name);
    assert!(!cases.is_empty(), "section {name} has no cases");
    let grammar = registry::grammar();
    let found: Vec<Case> = cases.iter().map(|case| case.run(&grammar)).collect();
    if table::wants_update() {
        case::write(name, &found);
        return;
    }
    let wrong: Vec<String> = cases
        .iter()
        .zip(&found)
        .filter(|(case, found)| case.transcript != found.transcript)
        .map(|(case, found)| {
            format!(
                "=== {} | {}\n{}\n--- wants\n{}\n--- gives\n{}",
                case.row, case.form, case.script, case.transcript, found.transcript
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

macro_rules! sections {
    ($($test:ident: $name:literal),* $(,)?) => {
        /// Sections with their tests.
        const SECTIONS: &[(&str, &str)] = &[$(($name, stringify!($test))),*];

        $(
            #[test]
            fn $test() {
                section($name);
            }
        )*
    };
}

sections! {
    forms_of_the_source_text: "1.1",
    forms_of_values_and_operators: "1.3",
    forms_of_statements: "1.6",
    forms_of_commands_and_blocks: "1.7",
    forms_of_headers_and_tables: "1.9",
    forms_of_conversation: "2.1",
    forms_of_memory: "2.2",
    forms_of_data: "2.5",
    forms_of_files: "2.6",
    forms_of_http: "2.7",
    forms_of_workflows: "2.10",
    forms_of_functions: "2.11",
    forms_of_the_grammar: "6",
    forms_of_decisions: "7",
}
