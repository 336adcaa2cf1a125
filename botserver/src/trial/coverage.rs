//! Which lines of the scripts were run.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    path::PathBuf,
};

use anyhow::Context as _;
use botserver_auto::basic::{self, Grammar, Options, Program, Trace};
use botstate::Config;
use parking_lot::Mutex;

use super::package;
use crate::commands;

/// Counts how often each line was run.
#[derive(Debug)]
pub(crate) struct Coverage {
    scripts: Mutex<Vec<Script>>,
    /// Scripts by the names and texts that programs know.
    places: HashMap<(String, String), usize>,
}

#[derive(Debug)]
struct Script {
    path: PathBuf,
    lines: BTreeMap<u32, u64>,
}

impl Coverage {
    /// Coverage of every script of `packages`.
    pub(crate) fn of(packages: &BTreeSet<PathBuf>, config: &Config) -> anyhow::Result<Self> {
        let grammar = Grammar::new(&commands::keywords(config)?);
        let mut scripts = Vec::new();
        let mut places = HashMap::new();
        for package in packages {
            for (name, path) in package::scripts(package)? {
                let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
                let name = format!("{name}.bas");
                let parsed = basic::parse(&name, &text, &grammar);
                // One with errors has no line that could run.
                let program = basic::compile_with(&parsed, Options { trace: true }).ok();
                let lines = program.map(|program| program.lines()).unwrap_or_default();
                places.insert((name, text), scripts.len());
                scripts.push(Script {
                    path,
                    lines: lines.into_iter().map(|line| (line, 0)).collect(),
                });
            }
        }
        Ok(Self {
            scripts: Mutex::new(scripts),
            places,
        })
    }

    /// The share of lines for each script, and the lines that never ran.
    pub(crate) fn table(&self) -> String {
        let scripts = self.scripts.lock();
        let mut text = "\nlines  run   share  script\n".to_owned();
        let (mut all, mut all_run) = (0, 0);
        for script in scripts.iter() {
            let run = script.lines.values().filter(|count| **count > 0).count();
            let missed: Vec<u32> = script
                .lines
                .iter()
                .filter(|(_, count)| **count == 0)
                .map(|(line, _)| *line)
                .collect();
            all += script.lines.len();
            all_run += run;
            let lines = script.lines.len();
            // Writing into a text cannot fail.
            let _ = write!(
                text,
                "{lines:5} {run:4} {:>6}%  {}",
                share(run, lines),
                shown(&script.path)
            );
            if !missed.is_empty() {
                let _ = write!(text, ", not {}", ranges(&missed));
            }
            text.push('\n');
        }
        let _ = writeln!(text, "{all:5} {all_run:4} {:>6}%  in all", share(all_run, all));
        text
    }

    /// LCOV's trace file.
    pub(crate) fn trace(&self) -> String {
        let scripts = self.scripts.lock();
        let mut text = String::new();
        for script in scripts.iter() {
            let run = script.lines.values().filter(|count| **count > 0).count();
            // Writing into a text cannot fail.
            let _ = writeln!(text, "TN:\nSF:{}", script.path.display());
            for (line, count) in &script.lines {
                let _ = writeln!(text, "DA:{line},{count}");
            }
            let _ = writeln!(text, "LF:{}\nLH:{run}\nend_of_record", script.lines.len());
        }
        text
    }
}

impl Trace for Coverage {
    fn line(&self, program: &Program, line: u32) {
        let key = (program.name().to_owned(), program.text().to_owned());
        let Some(place) = self.places.get(&key) else { return };
        if let Some(script) = self.scripts.lock().get_mut(*place) {
            *script.lines.entry(line).or_default() += 1;
        }
    }
}

/// The path from the package's folder on.
fn shown(path: &std::path::Path) -> String {
    let package = path.ancestors().find(|folder| {
        let ending = folder.extension();
        ending.is_some_and(|ending| ending.eq_ignore_ascii_case("gbai"))
    });
    let base = package.and_then(std::path::Path::parent);
    let shown = base.and_then(|base| path.strip_prefix(base).ok());
    shown.unwrap_or(path).display().to_string()
}

fn share(part: usize, whole: usize) -> String {
    match (part * 1000).checked_div(whole) {
        Some(permille) => format!("{}.{}", permille / 10, permille % 10),
        None => "100.0".to_owned(),
    }
}

/// Lines with those that follow each other put together: `3, 7-9`.
fn ranges(lines: &[u32]) -> String {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match found.last_mut() {
            Some((_, end)) if *end + 1 == *line => *end = *line,
            _ => found.push((*line, *line)),
        }
    }
    let texts = found.iter().map(|(start, end)| {
        if start == end {
            start.to_string()
        } else {
            format!("{start}-{end}")
        }
    });
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_follow_each_other_are_put_together() {
        assert_eq!(ranges(&[1, 3, 4, 5, 9]), "1, 3-5, 9");
        assert_eq!((share(1, 3), share(0, 0)), ("33.3".to_owned(), "100.0".to_owned()));
    }
}
