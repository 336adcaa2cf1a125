//! Packages: folders `<name>.gbai` with scripts, settings and prompts.
//!
//! Reading is tolerant, because packages come from many hands: any `*.gbdialog` folder and loose `.bas` files
//! count, settings may be quoted or not, the prompt has four spellings. What cannot be read is a [`Diagnostic`].

mod files;
mod prompts;
mod settings;

use std::{fs, io, path::Path, sync::Arc};

use botstate::{
    dialog::Settings,
    prompt::{Prompt, SYSTEM},
};
use sha2::{Digest, Sha256};

pub(crate) use files::{Found, PROMPT_FOLDER, find, holds_prompts, list};

use crate::basic::{Diagnostic, Severity, Source};

/// Bytes that a script, `config.csv` or a prompt may have.
const MAX_FILE: u64 = 1 << 20;

/// Scripts that a package may have.
const MAX_SCRIPTS: usize = 1_000;

/// Prompts that a package may have.
const MAX_PROMPTS: usize = 200;

/// A package as it lies on disk.
#[derive(Debug, Default)]
pub(crate) struct Package {
    /// The folder's name without `.gbai`.
    pub(crate) name: String,
    /// The hash of everything below.
    pub(crate) version: String,
    /// The scripts, by name.
    pub(crate) scripts: Vec<Script>,
    /// Rows of `config.csv`.
    pub(crate) settings: Settings,
    /// The system prompt.
    pub(crate) prompt: Option<String>,
    /// The prompts of its folder, by name.
    pub(crate) prompts: Vec<Arc<Prompt>>,
    /// What could not be read, scripts' own mistakes left out.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A script as it lies on disk.
#[derive(Debug)]
pub(crate) struct Script {
    /// The file's name in lower case, without `.bas`.
    pub(crate) name: String,
    /// The path within the package's parent, as diagnostics show it.
    pub(crate) file: String,
    /// The text.
    pub(crate) text: String,
}

/// Reads the files of a package.
///
/// # Errors
/// When a file cannot be read at all; what is merely wrong with it is among the diagnostics.
pub(crate) fn read(name: &str, folder: &Path, found: &Found) -> io::Result<Package> {
    let mut reader = Reader {
        folder,
        hash: Sha256::new(),
        diagnostics: Vec::new(),
    };
    let mut scripts: Vec<Script> = Vec::new();
    for entry in found.scripts.iter().take(MAX_SCRIPTS) {
        let Some(name) = script_name(&entry.path) else { continue };
        let Some((file, text)) = reader.read(&entry.path)? else {
            continue;
        };
        if let Some(other) = scripts.iter().find(|other| other.name == name) {
            let title = format!("{} has the same name and is used instead", other.file);
            reader.report("P102", Severity::Warning, &file, &text, title);
            continue;
        }
        scripts.push(Script { name, file, text });
    }
    if found.scripts.len() > MAX_SCRIPTS {
        let title = format!(
            "the package has {} scripts, and {MAX_SCRIPTS} are the most",
            found.scripts.len()
        );
        reader.report("P104", Severity::Error, &reader.shown(folder), "", title);
    }
    let mut rows = Vec::new();
    if let Some(entry) = &found.config
        && let Some((file, text)) = reader.read(&entry.path)?
    {
        rows = settings::read(&Arc::new(Source::new(file, text)), &mut reader.diagnostics);
    }
    let mut prompt = None;
    if let Some(entry) = &found.prompt {
        prompt = reader
            .read(&entry.path)?
            .map(|(_, text)| text)
            .filter(|text| !text.trim().is_empty());
    }
    let settings = Settings::new(rows);
    let prompts = prompts(&mut reader, found, &settings)?;
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    let version = reader
        .hash
        .finalize()
        .iter()
        .take(16)
        .fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    Ok(Package {
        name: name.to_owned(),
        version,
        scripts,
        settings,
        prompt,
        prompts,
        diagnostics: reader.diagnostics,
    })
}

/// Reads the prompts of a package; those with errors are reported and left out.
fn prompts(reader: &mut Reader<'_>, found: &Found, settings: &Settings) -> io::Result<Vec<Arc<Prompt>>> {
    let mut prompts: Vec<Arc<Prompt>> = Vec::new();
    for entry in found.prompts.iter().take(MAX_PROMPTS) {
        let Some(stem) = script_name(&entry.path) else { continue };
        let Some((file, text)) = reader.read(&entry.path)? else {
            continue;
        };
        let source = Arc::new(Source::new(file.clone(), text.clone()));
        let Some(prompt) = prompts::read(&source, &stem, settings, &mut reader.diagnostics) else {
            continue;
        };
        if let Some(other) = prompts.iter().find(|other| other.name == prompt.name) {
            let title = format!("{} has the same name and is used instead", other.place);
            reader.report("P102", Severity::Warning, &file, &text, title);
            continue;
        }
        if prompt.name == SYSTEM
            && let Some(other) = &found.prompt
        {
            let title = format!(
                "{} is not used, because this prompt is there",
                reader.shown(&other.path)
            );
            reader.report("P116", Severity::Warning, &file, &text, title);
        }
        prompts.push(Arc::new(prompt));
    }
    if found.prompts.len() > MAX_PROMPTS {
        let title = format!(
            "the package has {} prompts, and {MAX_PROMPTS} are the most",
            found.prompts.len()
        );
        reader.report("P104", Severity::Error, &reader.shown(reader.folder), "", title);
    }
    prompts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(prompts)
}

/// Reads one file as a package with one script.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read_script(path: &Path) -> io::Result<Package> {
    let parent = path.parent().unwrap_or(path);
    let mut reader = Reader {
        folder: parent,
        hash: Sha256::new(),
        diagnostics: Vec::new(),
    };
    let read = reader.read(path)?;
    let name = script_name(path).unwrap_or_default();
    let script = read.map(|(_, text)| Script {
        name: name.clone(),
        file: path.display().to_string(),
        text,
    });
    Ok(Package {
        name,
        version: String::new(),
        scripts: script.into_iter().collect(),
        settings: Settings::default(),
        prompt: None,
        prompts: Vec::new(),
        diagnostics: reader.diagnostics,
    })
}

/// The folder of the package around a script: the nearest one called `name.gbai`, else the one that the script or its
/// dialog folder lies in.
pub(crate) fn root(path: &Path) -> std::path::PathBuf {
    let has = |path: &Path, wanted: &str| {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
    };
    if let Some(package) = path.ancestors().skip(1).find(|folder| has(folder, "gbai")) {
        return package.to_owned();
    }
    let folder = path.ancestors().skip(1).find(|folder| has(folder, "gbdialog"));
    let parent = folder.unwrap_or(path).parent().unwrap_or(path);
    parent.to_owned()
}

/// The name under which a script is called.
fn script_name(path: &Path) -> Option<String> {
    path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase())
}

struct Reader<'a> {
    folder: &'a Path,
    hash: Sha256,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The path as diagnostics show it, and the text; nothing when the file is too large or no text.
    fn read(&mut self, path: &Path) -> io::Result<Option<(String, String)>> {
        let file = self.shown(path);
        let size = fs::metadata(path)?.len();
        self.hash.update(file.as_bytes());
        self.hash.update(size.to_le_bytes());
        if size > MAX_FILE {
            let title = format!("the file has {size} bytes, and {MAX_FILE} are the most");
            self.report("P101", Severity::Error, &file, "", title);
            return Ok(None);
        }
        let bytes = fs::read(path)?;
        self.hash.update(&bytes);
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let line = error
                    .as_bytes()
                    .iter()
                    .take(valid)
                    .filter(|byte| **byte == b'\n')
                    .count()
                    + 1;
                let title = format!("line {line} is not UTF-8 text: save the file as UTF-8");
                self.report("P101", Severity::Error, &file, "", title);
                return Ok(None);
            }
        };
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Some((file, text)))
    }

    fn shown(&self, path: &Path) -> String {
        let base = self.folder.parent().unwrap_or(self.folder);
        path.strip_prefix(base).unwrap_or(path).display().to_string()
    }

    fn report(&mut self, code: &'static str, severity: Severity, file: &str, text: &str, title: String) {
        let source = Arc::new(Source::new(file, text));
        let first_line = 0..text.find('\n').unwrap_or(text.len());
        self.diagnostics
            .push(Diagnostic::new(&source, code, severity, first_line, title));
    }
}
