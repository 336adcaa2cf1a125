//! `bot check`, `bot fmt` and `bot run`, as the binary offers them. Nothing here prints by itself: it writes to what it is given.

mod check;
mod conversation;
mod fmt;
mod new;
mod run;
mod tape;
pub(crate) mod terminal;

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use botlib::{OrgId, SystemClock};
use botserver_core::outbound::Outbound;
use botstate::{
    config::ScriptConfig,
    keyword::{Keyword, Registry},
    shared::Local,
};

pub use check::{CheckOptions, check};
pub use fmt::{FmtOptions, fmt};
pub use new::new;
pub use run::{RunOptions, run};
pub use tape::Taping;

use crate::{
    basic::Diagnostic,
    dap,
    files::{Drives, Links},
    keywords::{self, FileHost, Host, LocalApi, Memory, Sources},
    lsp, manual,
    mounted::{Built, Language},
    package,
    tables::Tables,
};

/// Everything was as it should be.
pub const OK: u8 = 0;
/// There are errors in scripts, or a dialog ended with a fault.
pub const FAILED: u8 = 1;
/// The work could not be done at all.
pub const UNABLE: u8 = 2;

/// The keywords of this crate for a dialog in the terminal: the bot's memory ends with the process, requests to the
/// outside are real.
pub fn terminal_keywords(outbound: &Outbound) -> Vec<Keyword> {
    let shared = Arc::new(Local::new(Arc::new(SystemClock)));
    let drives = Drives::passing(Path::new("bots"));
    let tables = Tables::passing(Arc::new(SystemClock));
    keywords::keywords(&Host {
        memory: Memory::passing(),
        cache: Arc::clone(&shared) as Arc<_>,
        limits: shared,
        outbound: outbound.clone(),
        api: LocalApi::default(),
        files: FileHost {
            sources: Sources::new(&drives).with_tables(Arc::new(tables.clone())),
            drives,
            links: Links::passing(),
            db: None,
        },
        tables,
        models: None,
    })
}

/// Serves an editor over the Language Server Protocol at `input` and `out`. Gives the exit code that the protocol
/// wants: 0 when the editor asked to shut down before it left.
pub fn lsp(registry: &Registry, input: impl Read + Send, out: &mut dyn Write) -> u8 {
    lsp::serve(registry, input, out)
}

/// Serves a debugger over the Debug Adapter Protocol at `input` and `out`: it runs scripts as [`run`] does, step by
/// step. Gives the exit code.
pub async fn dap(
    registry: Arc<Registry>,
    limits: ScriptConfig,
    input: impl Read + Send + 'static,
    out: &mut (dyn Write + Send),
) -> u8 {
    dap::serve(registry, limits, input, out).await
}

/// Writes the manual of the language with the keywords of `registry` below `folder`, its grammar for editors to the file
/// `grammar` if there is one, and what was done to `out`. Gives the exit code.
pub fn manual(registry: &Registry, folder: &Path, grammar: Option<&Path>, out: &mut dyn Write) -> u8 {
    let written = manual::write(registry, folder).and_then(|files| {
        grammar.map_or(Ok(()), |file| std::fs::write(file, manual::text_mate(registry)))?;
        Ok(files)
    });
    let (code, said) = match written {
        Ok(files) => (OK, format!("wrote {files} files below {}", folder.display())),
        Err(error) => (UNABLE, format!("cannot write below {}: {error}", folder.display())),
    };
    // When even this cannot be written, the exit code says it.
    let _ = writeln!(out, "{said}");
    code
}

/// What a path on the command line stands for.
enum Target {
    /// One script.
    Script(PathBuf),
    /// A package.
    Package(PathBuf),
}

/// The scripts or packages at `path`: a script, a package, or a folder of packages.
fn targets(path: &Path) -> Result<Vec<Target>, String> {
    let unable = |error: io::Error| format!("cannot read {}: {error}", path.display());
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing(path),
        _ => unable(error),
    })?;
    if !meta.is_dir() {
        return Ok(vec![Target::Script(path.to_owned())]);
    }
    let is_named = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gbai"));
    let packages = package::list(path).map_err(unable)?;
    if is_named || packages.is_empty() && !package::find(path).map_err(unable)?.scripts.is_empty() {
        return Ok(vec![Target::Package(path.to_owned())]);
    }
    if packages.is_empty() {
        return Err(format!(
            "{} is no package and holds none: packages are folders called name.gbai",
            path.display()
        ));
    }
    Ok(packages.into_iter().map(|(_, path)| Target::Package(path)).collect())
}

/// What to do when there is nothing at a path.
pub fn missing(path: &Path) -> String {
    format!(
        "there is no {}: name a script, a package or a folder of packages, or make one with `botserver bot new NAME`",
        path.display()
    )
}

/// A target after compiling, and how many scripts it has.
fn build(target: &Target, language: &Language) -> Result<Built, String> {
    let org = OrgId::from_uuid(uuid::Uuid::nil());
    match target {
        Target::Package(path) => {
            let unable = |error: io::Error| format!("cannot read the package {}: {error}", path.display());
            let found = package::find(path).map_err(unable)?;
            let full = std::fs::canonicalize(path).map_err(unable)?;
            let name = full
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            Ok(language.build(org, package::read(&name, path, &found).map_err(unable)?))
        }
        Target::Script(path) => {
            let read = package::read_script(path);
            let package = read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Ok(language.build(org, package))
        }
    }
}

fn count(diagnostics: &[Diagnostic]) -> (usize, usize) {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    (errors, diagnostics.len() - errors)
}
