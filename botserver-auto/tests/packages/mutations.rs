//! Slips of the finger: most of them are told before a script runs.

#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "places in a script are those that its pieces were found at"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::{Path, PathBuf},
};

use botserver_auto::basic::{self, Grammar, Known, Options};

use crate::{commands::keywords, support::read_all};

/// Mutations that are tried at most; they are spread evenly over all scripts.
const TRIED: usize = 4_000;

/// A piece of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Number,
    Text,
    Sign,
}

#[derive(Debug, Clone, Copy)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
    line: usize,
}

/// The pieces that a slip can hit: no comments, no text blocks.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 0);
    let mut verbatim: Option<&str> = None;
    let bytes = text.as_bytes();
    while at < text.len() {
        if at == 0 || bytes[at - 1] == b'\n' {
            let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
            let upper = text[at..end].trim().to_uppercase();
            let comment = upper.starts_with(['\'', '#'])
                || upper.starts_with("REM ")
                || upper == "REM"
                || upper.starts_with("//");
            let inside = verbatim.is_some();
            match verbatim {
                Some(closing) if upper == closing => verbatim = None,
                None if upper == "BEGIN TALK" => verbatim = Some("END TALK"),
                None if upper == "BEGIN SYSTEM PROMPT" => verbatim = Some("END SYSTEM PROMPT"),
                None if upper.starts_with("BEGIN MAIL") => verbatim = Some("END MAIL"),
                None if upper.starts_with("TABLE ") => verbatim = Some("END TABLE"),
                _ => {}
            }
            if (comment && !upper.starts_with("#{")) || inside || verbatim.is_some() {
                at = (end + 1).min(text.len());
                line += 1;
                continue;
            }
        }
        let rest = &text[at..];
        let first = rest.chars().next().unwrap();
        let run = |fits: &dyn Fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let (kind, length) = match first {
            '\n' => {
                line += 1;
                at += 1;
                continue;
            }
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '\'' => {
                at += run(&|c| c != '\n');
                continue;
            }
            '"' => {
                let mut end = 1;
                while end < rest.len() && rest.as_bytes()[end] != b'"' {
                    end += if rest.as_bytes()[end] == b'\\' { 2 } else { 1 };
                }
                (Kind::Text, (end + 1).min(rest.len()))
            }
            c if c.is_alphabetic() || c == '_' => (Kind::Word, run(&|c| c.is_alphanumeric() || c == '_')),
            c if c.is_ascii_digit() => (Kind::Number, run(&|c| c.is_ascii_digit() || c == '.')),
            c => {
                let two = rest
                    .get(..2)
                    .is_some_and(|two| ["<>", "<=", ">=", "!=", "#{", "==", "?.", "??", "&&", "||"].contains(&two));
                (Kind::Sign, if two { 2 } else { c.len_utf8() })
            }
        };
        tokens.push(Token {
            kind,
            start: at,
            end: at + length,
            line,
        });
        line += text[at..at + length].matches('\n').count();
        at += length;
    }
    tokens
}

/// All single slips in a script, each with what it is called.
fn slips(text: &str) -> Vec<(&'static str, String)> {
    let tokens = tokens(text);
    let replaced = |range: std::ops::Range<usize>, with: &str| {
        let mut changed = text.to_owned();
        changed.replace_range(range, with);
        changed
    };
    let mut slips = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let written = &text[token.start..token.end];
        slips.push(("delete", replaced(token.start..token.end, "")));
        slips.push((
            "duplicate",
            replaced(token.start..token.end, &format!("{written} {written}")),
        ));
        if let Some(next) = tokens.get(index + 1).filter(|next| next.line == token.line) {
            let between = &text[token.end..next.start];
            let other = &text[next.start..next.end];
            slips.push((
                "swap",
                replaced(token.start..next.end, &format!("{other}{between}{written}")),
            ));
        }
        match token.kind {
            Kind::Word if written.len() > 2 && written.is_ascii() => {
                let middle = written.len() / 2;
                let (head, tail) = written.split_at(middle);
                let mut letters: Vec<char> = written.chars().collect();
                letters.swap(middle - 1, middle);
                let swapped: String = letters.into_iter().collect();
                let misspelled = match index % 3 {
                    0 if swapped != written => swapped,
                    1 => format!("{head}{}", &tail[1..]),
                    _ => format!("{head}{}{tail}", &tail[..1]),
                };
                slips.push(("misspell", replaced(token.start..token.end, &misspelled)));
            }
            Kind::Text => slips.push(("quote", replaced(token.end - 1..token.end, ""))),
            _ => {}
        }
        let before = index
            .checked_sub(1)
            .map(|before| &text[tokens[before].start..tokens[before].end]);
        let upper = written.to_uppercase();
        let ends = before.is_some_and(|before| before.eq_ignore_ascii_case("END"))
            && ["IF", "FOR", "WHILE", "SELECT", "SUB", "FUNCTION", "WITH", "TRY"].contains(&upper.as_str());
        if ends {
            let other = if upper == "IF" { "WHILE" } else { "IF" };
            slips.push(("end", replaced(token.start..token.end, other)));
        } else if ["NEXT", "WEND", "LOOP"].contains(&upper.as_str()) {
            let other = if upper == "NEXT" { "WEND" } else { "NEXT" };
            slips.push(("end", replaced(token.start..token.end, other)));
        }
    }
    slips
}

/// What a script does, without where it is written; nothing when it does not compile.
fn meaning(text: &str, grammar: &Grammar) -> Option<String> {
    fn bare(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.remove("lines");
                fields.remove("text");
                fields.values_mut().for_each(bare);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(bare),
            _ => {}
        }
    }
    let parsed = basic::parse("script.bas", text, grammar);
    let unit = basic::unit(&parsed, Options::default()).ok()?;
    let mut meaning = String::new();
    for program in std::iter::once(&unit.main).chain(&unit.sections) {
        let mut json: serde_json::Value = serde_json::from_str(&program.to_json()).unwrap();
        bare(&mut json);
        meaning.push_str(&json.to_string());
    }
    for trigger in &unit.triggers {
        write!(meaning, "{} {:?}", trigger.script, trigger.kind).unwrap();
    }
    Some(meaning)
}

/// What `check` says, without where.
fn reported(text: &str, grammar: &Grammar, known: &Known) -> BTreeMap<String, usize> {
    let parsed = basic::parse("script.bas", text, grammar);
    let mut found = BTreeMap::new();
    for diagnostic in basic::check(&parsed, known) {
        *found
            .entry(format!("{} {}", diagnostic.code, diagnostic.title))
            .or_default() += 1;
    }
    found
}

/// Scripts of a folder and of its folders.
fn scripts(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "bas") {
            found.insert(path);
        }
    }
}

#[test]
fn nine_of_ten_slips_that_change_a_script_are_reported() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeSet::new();
    for folder in ["../bots", "tests/corpus", "tests/packages/mutations"] {
        scripts(&root.join(folder), &mut files);
    }
    let grammar = Grammar::new(&keywords());
    let mut all = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        // A script with an error of its own says nothing about slips.
        if meaning(&text, &grammar).is_some() {
            all.extend(slips(&text).into_iter().map(|(kind, changed)| (file, kind, changed)));
        }
    }
    let stride = all.len().div_ceil(TRIED).max(1);
    let mut originals: BTreeMap<&PathBuf, (String, BTreeMap<String, usize>, Known)> = BTreeMap::new();
    let (mut told, mut missed) = (0_usize, Vec::new());
    for (file, kind, changed) in all.iter().step_by(stride) {
        let (original, before, known) = originals.entry(file).or_insert_with(|| {
            let text = std::fs::read_to_string(file).unwrap();
            let siblings = file.parent().unwrap();
            let known = Known {
                scripts: Some(read_all(siblings)),
                ..Known::default()
            };
            (
                meaning(&text, &grammar).unwrap(),
                reported(&text, &grammar, &known),
                known,
            )
        });
        let now = meaning(changed, &grammar);
        if now.as_ref() == Some(original) {
            continue;
        }
        let found = reported(changed, &grammar, known);
        if found
            .iter()
            .any(|(line, count)| before.get(line).is_none_or(|known| known < count))
        {
            told += 1;
        } else {
            missed.push((file, *kind, changed));
        }
    }
    let tried = told + missed.len();
    let mut report = String::new();
    for (file, kind, changed) in &missed {
        let text = std::fs::read_to_string(file).unwrap();
        let (before, after) = text
            .lines()
            .zip(changed.lines())
            .find(|(before, after)| before != after)
            .unwrap_or(("", ""));
        let name = file.file_name().unwrap().to_string_lossy();
        writeln!(report, "{kind} in {name}: {} -> {}", before.trim(), after.trim()).unwrap();
    }
    assert!(tried > 1_000, "only {tried} slips were tried");
    assert!(
        told * 10 >= tried * 9,
        "{told} of {tried} slips are reported, these are not:\n{report}"
    );
}
