//! `bot check`: all that is wrong with scripts and packages.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use botstate::keyword::Registry;
use serde::Serialize;

use super::{FAILED, OK, UNABLE, build, count, targets};
use crate::{basic::Diagnostic, mounted::Language};

/// How `bot check` reports.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckOptions {
    /// One JSON document for machines.
    pub json: bool,
    /// Colours for a terminal.
    pub color: bool,
}

/// What machines read.
#[derive(Serialize)]
struct Report<'a> {
    diagnostics: &'a [Diagnostic],
    errors: usize,
    warnings: usize,
}

/// Checks the scripts, packages and folders of packages at `paths` and writes what is wrong with them to `out`.
/// Gives the exit code: 0 without errors, 1 with errors, 2 when something could not be checked.
pub fn check(paths: &[PathBuf], registry: &Registry, options: CheckOptions, out: &mut dyn Write) -> u8 {
    let language = Language::new(registry);
    let (mut diagnostics, mut scripts) = (Vec::new(), 0);
    for path in paths {
        let built = targets(path).and_then(|targets| {
            targets
                .iter()
                .map(|target| build(target, &language))
                .collect::<Result<Vec<_>, _>>()
        });
        match built {
            Ok(packages) => {
                for built in packages {
                    scripts += built.mounted.bot.scripts.len();
                    diagnostics.extend(built.diagnostics);
                }
            }
            Err(why) => {
                // When even this cannot be written, the exit code says it.
                let _ = writeln!(out, "{why}");
                return UNABLE;
            }
        }
    }
    let (errors, _) = count(&diagnostics);
    match write(&diagnostics, scripts, options, out) {
        Err(_) => UNABLE,
        Ok(()) if errors > 0 => FAILED,
        Ok(()) => OK,
    }
}

fn write(diagnostics: &[Diagnostic], scripts: usize, options: CheckOptions, out: &mut dyn Write) -> io::Result<()> {
    let (errors, warnings) = count(diagnostics);
    if options.json {
        let report = Report {
            diagnostics,
            errors,
            warnings,
        };
        serde_json::to_writer_pretty(&mut *out, &report)?;
        return writeln!(out);
    }
    for diagnostic in diagnostics {
        writeln!(out, "{}\n", diagnostic.render(options.color))?;
    }
    let many = |count: usize, one: &str| {
        if count == 1 {
            format!("1 {one}")
        } else {
            format!("{count} {one}s")
        }
    };
    let problems = match (errors, warnings) {
        (0, 0) => "no problems".to_owned(),
        (0, _) => many(warnings, "warning"),
        (_, 0) => many(errors, "error"),
        _ => format!("{} and {}", many(errors, "error"), many(warnings, "warning")),
    };
    writeln!(out, "{}: {problems}", many(scripts, "script"))
}
