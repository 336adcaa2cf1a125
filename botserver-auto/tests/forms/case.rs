//! Reading, running and writing cases.

use std::{fmt::Write as _, fs, path::PathBuf};

use botserver_auto::basic::{self, Grammar, Program};

use crate::driver::Talk;

/// A form with the script that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    /// Section and row of the reference, such as `2.5 FIND`.
    pub(crate) row: String,
    pub(crate) form: String,
    /// `file::name` of the test that shows the form, when a case cannot.
    pub(crate) test: Option<String>,
    pub(crate) answers: Vec<String>,
    pub(crate) results: Vec<String>,
    pub(crate) script: String,
    pub(crate) transcript: String,
}

fn path(section: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/forms/cases/{section}.txt"))
}

pub(crate) fn read(section: &str) -> Vec<Case> {
    let path = path(section);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.split("\n=== ")
        .map(|chunk| chunk.trim_start_matches("=== "))
        .filter(|chunk| !chunk.trim().is_empty())
        .map(parse)
        .collect()
}

fn parse(chunk: &str) -> Case {
    let (head, body) = chunk.split_once('\n').unwrap_or((chunk, ""));
    let (row, form) = head
        .split_once(" | ")
        .unwrap_or_else(|| panic!("a case begins with `=== row | form`, not {head:?}"));
    let mut case = Case {
        row: row.trim().to_owned(),
        form: form.trim().to_owned(),
        test: None,
        answers: Vec::new(),
        results: Vec::new(),
        script: String::new(),
        transcript: String::new(),
    };
    let (script, transcript) = body
        .split_once("\n---\n")
        .unwrap_or((body.trim_end_matches("\n---"), ""));
    let mut lines = Vec::new();
    for line in script.lines() {
        if let (true, Some(answer)) = (lines.is_empty(), line.strip_prefix("> ")) {
            case.answers.push(answer.to_owned());
        } else if let (true, Some(result)) = (lines.is_empty(), line.strip_prefix("< ")) {
            case.results.push(result.to_owned());
        } else if let (true, Some(test)) = (lines.is_empty(), line.strip_prefix("test: ")) {
            case.test = Some(test.trim().to_owned());
        } else {
            lines.push(line);
        }
    }
    lines.join("\n").trim_end().clone_into(&mut case.script);
    transcript.trim_end().clone_into(&mut case.transcript);
    case
}

pub(crate) fn write(section: &str, cases: &[Case]) {
    let mut text = String::new();
    for case in cases {
        writeln!(text, "=== {} | {}", case.row, case.form).unwrap();
        for answer in &case.answers {
            writeln!(text, "> {answer}").unwrap();
        }
        for result in &case.results {
            writeln!(text, "< {result}").unwrap();
        }
        if let Some(test) = &case.test {
            writeln!(text, "test: {test}\n").unwrap();
            continue;
        }
        writeln!(text, "{}\n---\n{}\n", case.script, case.transcript).unwrap();
    }
    fs::write(path(section), text.trim_end().to_owned() + "\n").unwrap();
}

impl Case {
    /// The case with what really happens.
    pub(crate) fn run(&self, grammar: &Grammar) -> Self {
        let mut case = self.clone();
        if self.test.is_some() {
            return case;
        }
        case.transcript = match compile(&self.script, grammar) {
            Err(problems) => problems,
            Ok((program, warnings)) => {
                let mut talk = Talk::of(program);
                for answer in &self.answers {
                    talk = talk.answer(answer);
                }
                for result in &self.results {
                    let value = serde_json::from_str(result).unwrap_or_else(|error| panic!("{result}: {error}"));
                    talk = talk.json(&value);
                }
                format!("{warnings}{}", talk.transcript())
            }
        };
        case.transcript = case.transcript.trim_end().to_owned();
        case
    }
}

/// The program with the warnings of reading it as lines, or its errors. What looks like a mistake is not of interest.
fn compile(script: &str, grammar: &Grammar) -> Result<(Program, String), String> {
    let parsed = basic::parse("form.bas", script, grammar);
    let lines = |found: &[basic::Diagnostic], wanted: bool| {
        let chosen = found.iter().filter(|one| one.is_error() == wanted);
        chosen.fold(String::new(), |mut text, one| {
            let word = if wanted { "error" } else { "warning" };
            let _ = writeln!(text, "{word} {} in line {}: {}", one.code, one.line, one.title);
            text
        })
    };
    match basic::compile(&parsed) {
        Ok(program) => Ok((program, lines(&parsed.diagnostics, false))),
        Err(errors) => Err(lines(&errors, true)),
    }
}
