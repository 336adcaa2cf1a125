//! INCLUDE: the text of another file is put behind the line that names it, before anything is read.

use std::sync::Arc;

use super::Loader;
use crate::basic::{
    diagnostic::{Diagnostic, Severity},
    source::Source,
};

/// How deep files may include each other.
const MAX_DEPTH: usize = 16;

/// Bytes of a script with everything that it includes.
const MAX_TEXT: usize = 4 << 20;

/// What is wrong with an INCLUDE line.
#[derive(Debug)]
pub(super) struct Problem {
    at: std::ops::Range<usize>,
    code: &'static str,
    title: String,
    help: &'static str,
}

impl Problem {
    pub(super) fn diagnostic(self, source: &Arc<Source>) -> Diagnostic {
        Diagnostic::new(source, self.code, Severity::Error, self.at, self.title).help(self.help)
    }
}

struct Expansion<'a> {
    load: &'a Loader<'a>,
    text: String,
    /// Where each piece begins: offset, file, line in that file.
    pieces: Vec<(usize, String, u32)>,
    problems: Vec<Problem>,
    /// Files that are being included, by the names that they were asked for with.
    open: Vec<String>,
}

/// The script with the text of the files that it includes.
pub(super) fn expand(name: &str, text: &str, load: &Loader<'_>) -> (Source, Vec<Problem>) {
    if !text.lines().any(|line| included(line).is_some()) {
        return (Source::new(name, text), Vec::new());
    }
    let mut expansion = Expansion {
        load,
        text: String::with_capacity(text.len() * 2),
        pieces: Vec::new(),
        problems: Vec::new(),
        open: vec![key(name)],
    };
    expansion.file(name, text);
    let Expansion {
        text, pieces, problems, ..
    } = expansion;
    (Source::with_pieces(name, text, pieces), problems)
}

impl Expansion<'_> {
    fn file(&mut self, name: &str, text: &str) {
        self.pieces.push((self.text.len(), name.to_owned(), 1));
        let mut verbatim: Option<&str> = None;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let start = self.text.len();
            self.text.push_str(line);
            let words: Vec<String> = line.split_whitespace().take(3).map(str::to_uppercase).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match (verbatim, words.as_slice()) {
                (Some(what), ["END", word, ..]) if *word == what => verbatim = None,
                (None, ["BEGIN", "TALK"]) => verbatim = Some("TALK"),
                (None, ["BEGIN", "MAIL", ..]) => verbatim = Some("MAIL"),
                (None, ["BEGIN", "SYSTEM", "PROMPT"]) => verbatim = Some("SYSTEM"),
                _ => {}
            }
            let Some(file) = included(line).filter(|_| verbatim.is_none()) else {
                continue;
            };
            if self.include(file, start..start + line.trim_end().len()) {
                let next = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(2);
                self.pieces.push((self.text.len(), name.to_owned(), next));
            }
        }
    }

    /// Puts a file behind its line; whether there was one to put.
    fn include(&mut self, file: &str, at: std::ops::Range<usize>) -> bool {
        let wanted = key(file);
        if self.open.contains(&wanted) {
            let mut chain = self.open.clone();
            chain.push(wanted);
            self.problems.push(Problem {
                at,
                code: "B140",
                title: format!("{file} includes itself: {}", chain.join(", then ")),
                help: "put what both files need into a third one",
            });
            return false;
        }
        let Some((name, text)) = (self.load)(file) else {
            self.problems.push(Problem {
                at,
                code: "B141",
                title: format!("the package has no file {file} to include"),
                help: "put the file into a .gbdialog folder of the package, or correct its name",
            });
            return false;
        };
        if self.open.len() >= MAX_DEPTH || self.text.len() + text.len() > MAX_TEXT {
            self.problems.push(Problem {
                at,
                code: "B142",
                title: format!("{file} is too much to include"),
                help: "include fewer and smaller files: 16 inside each other and 4 MiB in all are the most",
            });
            return false;
        }
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.open.push(wanted);
        self.file(&name, &text);
        self.open.pop();
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        true
    }
}

/// The file that a line includes.
fn included(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let (word, rest) = (line.get(..7)?, line.get(7..)?);
    if !word.eq_ignore_ascii_case("INCLUDE") {
        return None;
    }
    let rest = rest.trim_start().strip_prefix('"')?;
    let (file, after) = rest.split_once('"')?;
    let after = after.trim();
    let ends = after.is_empty() || after.starts_with(['\'', ';']) || after.starts_with("//");
    (ends && !file.contains("${")).then_some(file)
}

/// The name by which a file is known to be the same.
fn key(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file).to_lowercase();
    name.strip_suffix(".bas").map_or(name.clone(), str::to_owned)
}
