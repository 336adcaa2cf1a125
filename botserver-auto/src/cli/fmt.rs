//! `bot fmt`: scripts in their canonical form.

mod difference;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use botstate::keyword::Registry;

use super::{FAILED, OK, Target, UNABLE, targets};
use crate::{
    basic::{self, Grammar},
    package,
};

/// What `bot fmt` does with scripts that are not in canonical form.
#[derive(Debug, Clone, Copy, Default)]
pub struct FmtOptions {
    /// Show what would change and change nothing.
    pub check: bool,
    /// Write the formatted scripts to the output instead of their files.
    pub stdout: bool,
    /// Colours for a terminal.
    pub color: bool,
}

/// Formats the scripts, packages and folders of packages at `paths`, and writes what it did to `out`. A script with
/// errors stays as it is and its errors are shown. Gives the exit code: 0 when all is well, 1 with errors in scripts
/// or, for a check, with scripts that would change, 2 when something could not be read or written.
pub fn fmt(paths: &[PathBuf], registry: &Registry, options: FmtOptions, out: &mut dyn Write) -> u8 {
    let grammar = Grammar::new(registry);
    let mut done = Done::default();
    for path in paths {
        let result = scripts(path).and_then(|scripts| {
            let mut each = scripts.iter();
            each.try_for_each(|script| one(script, &grammar, options, &mut done, out))
        });
        if let Err(why) = result {
            // When even this cannot be written, the exit code says it.
            let _ = writeln!(out, "{why}");
            return UNABLE;
        }
    }
    if !options.stdout && writeln!(out, "{}", done.summary(options.check)).is_err() {
        return UNABLE;
    }
    if done.refused > 0 || options.check && done.changed > 0 {
        FAILED
    } else {
        OK
    }
}

/// What happened to scripts.
#[derive(Debug, Default)]
struct Done {
    scripts: usize,
    changed: usize,
    refused: usize,
}

impl Done {
    fn summary(&self, check: bool) -> String {
        let many = |count: usize, one: &str| {
            if count == 1 {
                format!("1 {one}")
            } else {
                format!("{count} {one}s")
            }
        };
        let verb = if check { "would change" } else { "changed" };
        let left = match self.refused {
            0 => String::new(),
            refused => format!(", {refused} with errors left as it was"),
        };
        format!("{}: {} {verb}{left}", many(self.scripts, "script"), self.changed)
    }
}

/// The scripts at `path`.
fn scripts(path: &Path) -> Result<Vec<PathBuf>, String> {
    let mut scripts = Vec::new();
    for target in targets(path)? {
        match target {
            Target::Script(path) => scripts.push(path),
            Target::Package(path) => {
                let found = package::find(&path)
                    .map_err(|error| format!("cannot read the package {}: {error}", path.display()))?;
                scripts.extend(found.scripts.into_iter().map(|entry| entry.path));
            }
        }
    }
    Ok(scripts)
}

fn one(
    path: &Path,
    grammar: &Grammar,
    options: FmtOptions,
    done: &mut Done,
    out: &mut dyn Write,
) -> Result<(), String> {
    let said = |error: io::Error| format!("cannot write the result: {error}");
    let bytes = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("cannot read {}: {error}; save it as UTF-8", path.display()))?;
    done.scripts += 1;
    let formatted = match basic::format_noting(&path.display().to_string(), &text, grammar) {
        Ok(formatted) => {
            note(path, &formatted.left).map_err(said)?;
            formatted.text
        }
        Err(diagnostics) => {
            done.refused += 1;
            for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
                writeln!(out, "{}\n", diagnostic.render(options.color)).map_err(said)?;
            }
            return Ok(());
        }
    };
    if options.stdout {
        return out.write_all(formatted.as_bytes()).map_err(said);
    }
    if formatted == text {
        return Ok(());
    }
    done.changed += 1;
    if options.check {
        writeln!(out, "{}", path.display()).map_err(said)?;
        return difference::write(&text, &formatted, out).map_err(said);
    }
    replace(path, &formatted).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    writeln!(out, "{}", path.display()).map_err(said)
}

/// Tells on standard error of statements that stay as they are.
fn note(path: &Path, left: &[u32]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for line in left {
        let place = path.display();
        writeln!(
            err,
            "{place}:{line}: left as it is: in canonical form this statement would be read differently"
        )?;
    }
    Ok(())
}

/// Puts `text` into the file at `path`, whole or not at all.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays a link to the file that is replaced.
    let path = fs::canonicalize(path)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = write_beside(&fresh, text, &path).and_then(|()| fs::rename(&fresh, &path));
    if written.is_err() {
        // What is left of it helps nobody; the error that counts is the first.
        let _ = fs::remove_file(&fresh);
    }
    written
}

fn write_beside(fresh: &Path, text: &str, path: &Path) -> io::Result<()> {
    let mut file = fs::File::create(fresh)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(fs::metadata(path)?.permissions())?;
    file.sync_all()
}
