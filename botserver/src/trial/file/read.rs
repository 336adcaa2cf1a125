//! From the text of a file to its tests.

use std::{fmt, path::Path};

use serde::Deserialize as _;

use super::Test;

/// What is wrong with a file, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.problem)?;
        if self.remedy.is_empty() {
            return Ok(());
        }
        write!(f, "\n  {}", self.remedy)
    }
}

/// A test with the lines of its steps.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) test: Test,
    /// The line on which each step begins.
    pub(crate) lines: Vec<usize>,
}

/// The tests of a file: one for each document in it.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn read(path: &Path) -> Result<Vec<Written>, Vec<Mistake>> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&file, &text),
        Err(error) => Err(vec![Mistake {
            file,
            line: 1,
            problem: format!("the file cannot be read: {error}"),
            remedy: "make it readable, as UTF-8".to_owned(),
        }]),
    }
}

pub(crate) fn parse(file: &str, text: &str) -> Result<Vec<Written>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut found = Vec::new();
    let mut starts = documents(text).into_iter();
    for document in serde_yaml_ng::Deserializer::from_str(text) {
        let start = starts.next().unwrap_or(1);
        match Test::deserialize(document) {
            Ok(read) => {
                let lines = steps(text, start);
                for (index, step) in read.steps.iter().enumerate() {
                    let line = lines.get(index).copied().unwrap_or(start);
                    if let [first, second, ..] = step.happenings().as_slice() {
                        mistakes.push(Mistake {
                            file: file.to_owned(),
                            line,
                            problem: format!("one step has both `{first}` and `{second}`"),
                            remedy: "make two steps of it".to_owned(),
                        });
                    }
                }
                found.push(Written { test: read, lines });
            }
            Err(error) => {
                mistakes.push(mistake(file, text, start, &error));
                // After what is no YAML at all the parser gives the same error for ever.
                break;
            }
        }
    }
    if mistakes.is_empty() { Ok(found) } else { Err(mistakes) }
}

fn mistake(file: &str, text: &str, start: usize, error: &serde_yaml_ng::Error) -> Mistake {
    let whole = error.to_string();
    let problem = whole.split(" at line ").next().unwrap_or(&whole).to_owned();
    let known = error.location().map_or(start, |place| place.line());
    // Of a value that was read and is of no use the parser knows only what it is part of, but the message quotes it.
    let quoted = problem.split('"').nth(1);
    let after = text.lines().enumerate().skip(known.saturating_sub(1));
    let mut holding = after.filter(|(_, line)| quoted.is_some_and(|value| line.contains(value)));
    let line = holding.next().map_or(known, |(index, _)| index + 1);
    let remedy = remedy(&problem);
    Mistake {
        file: file.to_owned(),
        line,
        problem,
        remedy,
    }
}

/// What to do about a message of the parser.
fn remedy(problem: &str) -> String {
    let mut quoted = problem.split('`').skip(1).step_by(2);
    if problem.contains("unknown field") || problem.contains("unknown variant") {
        let wrong = quoted.next().unwrap_or_default();
        let known: Vec<&str> = quoted.collect();
        let nearest = known.iter().min_by_key(|name| distance(wrong, name));
        return match nearest.filter(|name| distance(wrong, name) <= 1 + wrong.len() / 3) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("write one of {}", known.join(", ")),
        };
    }
    if problem.contains("missing field") {
        let missing = quoted.next().unwrap_or_default();
        return format!("add a line `{missing}: …`");
    }
    "docs/testing.md shows what a test looks like".to_owned()
}

/// Levenshtein's distance, in letters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let cost = diagonal + usize::from(x != *y);
            diagonal = *cell;
            left = cost.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The first line of each document.
fn documents(text: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut is_open = false;
    for (index, line) in text.lines().enumerate() {
        let is_break = line.trim_end() == "---";
        let has_content = !line.trim().is_empty() && !line.trim_start().starts_with('#');
        if is_break {
            is_open = false;
        } else if has_content && !is_open {
            is_open = true;
            starts.push(index + 1);
        }
    }
    starts
}

/// The lines on which the steps of the document that begins at `start` begin: the items of its list `steps`, which
/// all stand at the place of the first.
fn steps(text: &str, start: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut indent = None;
    let lines = text.lines().enumerate().skip(start.saturating_sub(1));
    let body = lines.skip_while(|(_, line)| !line.starts_with("steps:")).skip(1);
    for (index, line) in body {
        let trimmed = line.trim_start();
        let depth = line.len() - trimmed.len();
        let is_item = trimmed == "-" || trimmed.starts_with("- ");
        if line.trim_end() == "---" || depth == 0 && !is_item && !trimmed.is_empty() && !trimmed.starts_with('#') {
            break;
        }
        if is_item && depth == *indent.get_or_insert(depth) {
            found.push(index + 1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let mistakes = parse("a.test.yaml", text).unwrap_err();
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_file_may_hold_several_tests_and_each_step_knows_its_line() {
        let text = "# two\nname: one\nsteps:\n  - say: hi\n    expect:\n      said:\n        - hello\n  - say: ho\n---\nname: two\nsteps:\n- click: x\n";

        let tests = parse("a.test.yaml", text).unwrap();

        let shown: Vec<_> = tests
            .iter()
            .map(|one| (one.test.name.as_str(), one.lines.clone()))
            .collect();
        assert_eq!(shown, [("one", vec![4, 8]), ("two", vec![12])]);
    }

    #[test]
    fn mistakes_name_the_place_and_the_remedy() {
        insta::assert_snapshot!(wrong("name: one\nsteps:\n  - sai: hi\n"), @r"
        a.test.yaml:3: steps[0]: unknown field `sai`, expected one of `say`, `click`, `tool`, `attach`, `pass`, `wait`, `job`, `event`, `webhook`, `expect`
          did you mean `say`?
        ");
        insta::assert_snapshot!(wrong("name: one\n"), @r"
        a.test.yaml:1: missing field `steps`
          add a line `steps: …`
        ");
        insta::assert_snapshot!(wrong("name: one\nsteps:\n  - say: a\n    click: b\n"), @r"
        a.test.yaml:3: one step has both `say` and `click`
          make two steps of it
        ");
        insta::assert_snapshot!(wrong("name: one\nclock: noon\nsteps: []\n"), @r#"
        a.test.yaml:2: "noon" is no moment such as 2030-05-14T09:00:00Z
          docs/testing.md shows what a test looks like
        "#);
        insta::assert_snapshot!(wrong("name: one\nsteps:\n  - say: a\n    expect: {said: {contain: a}}\n"), @r"
        a.test.yaml:4: steps[0].expect.said: unknown field `contain`, expected one of `exactly`, `contains`, `matches`, `in_order`, `never`
          did you mean `contains`?
        ");
    }
}
