//! Where the files of a package are, found without reading them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// How deep folders of scripts may lie inside each other; links to folders could otherwise go round for ever.
const MAX_DEPTH: usize = 8;

/// Names of the prompt, the first that is there wins.
const PROMPTS: [&str; 4] = ["PROMPT.md", "prompt.md", "PROMPT.txt", "prompt.txt"];

/// How folders of prompts are called.
pub(crate) const PROMPT_FOLDER: &str = "gbprompts";

/// Files of a package. Two that are equal mean that nothing changed, as far as names, sizes and times tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) scripts: Vec<Entry>,
    pub(crate) config: Option<Entry>,
    pub(crate) prompt: Option<Entry>,
    pub(crate) prompts: Vec<Entry>,
}

/// A file with what tells that it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

/// The packages in `folder`: names without `.gbai`, and where they are.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut packages = Vec::new();
    for path in entries(folder)? {
        if let Some(name) = package_name(&path)
            && path.is_dir()
        {
            packages.push((name, path));
        }
    }
    Ok(packages)
}

/// The name of the bot, when the folder is called like a package.
fn package_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let (stem, suffix) = name.rsplit_once('.')?;
    (suffix.eq_ignore_ascii_case("gbai") && !stem.is_empty()).then(|| stem.to_owned())
}

/// The files of the package in `folder`.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn find(folder: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    let mut loose = Vec::new();
    let (mut settings, mut root) = (Vec::new(), Vec::new());
    for path in entries(folder)? {
        let is_dir = path.is_dir();
        if is_dir && has_extension(&path, "gbdialog") {
            scripts(&path, 0, &mut found.scripts)?;
        } else if is_dir && has_extension(&path, PROMPT_FOLDER) {
            for path in entries(&path)? {
                if has_extension(&path, "md") && !path.is_dir() {
                    found.prompts.extend(entry(path)?);
                }
            }
        } else if is_dir && has_extension(&path, "gbot") {
            settings.append(&mut entries(&path)?);
        } else if !is_dir && has_extension(&path, "bas") {
            loose.extend(entry(path)?);
        } else if !is_dir {
            root.push(path);
        }
    }
    // Scripts in a dialog folder win over loose ones of the same name.
    found.scripts.append(&mut loose);
    settings.append(&mut root);
    let named = |wanted: &str, exact: bool| {
        settings.iter().find(|path| {
            let name = path.file_name().unwrap_or_default();
            if exact {
                name == wanted
            } else {
                name.eq_ignore_ascii_case(wanted)
            }
        })
    };
    if let Some(path) = named("config.csv", false) {
        found.config = entry(path.clone())?;
    }
    if let Some(path) = PROMPTS.iter().find_map(|name| named(name, true)) {
        found.prompt = entry(path.clone())?;
    }
    Ok(found)
}

/// Scripts of a folder and the folders in it, those nearest to the top first.
fn scripts(folder: &Path, depth: usize, found: &mut Vec<Entry>) -> io::Result<()> {
    let (folders, files): (Vec<_>, Vec<_>) = entries(folder)?.into_iter().partition(|path| path.is_dir());
    for path in files {
        if has_extension(&path, "bas") {
            found.extend(entry(path)?);
        }
    }
    for path in folders {
        if depth < MAX_DEPTH {
            scripts(&path, depth + 1, found)?;
        }
    }
    Ok(())
}

/// What is in a folder, by name; what is hidden is left out, as editors keep their own files so.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(['.', '~']) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn entry(path: PathBuf) -> io::Result<Option<Entry>> {
    match fs::metadata(&path) {
        Ok(meta) => Ok(Some(Entry {
            path,
            size: meta.len(),
            modified: meta.modified().ok(),
        })),
        // Removed since the folder was listed, or a link to nowhere.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Whether a folder is one of prompts.
pub(crate) fn holds_prompts(folder: &Path) -> bool {
    has_extension(folder, PROMPT_FOLDER)
}
