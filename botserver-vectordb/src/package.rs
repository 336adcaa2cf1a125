//! The documents of packages, as they lie on disk.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use sha2::{Digest, Sha256};

use crate::{
    access::LARGEST,
    model::{collection_name, document_path},
};

/// Folders inside each other that are looked at.
const DEPTH: usize = 16;

/// Files of all collections of a bot.
const MOST: usize = 100_000;

/// What a bot's package holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    /// By name: the documents by path.
    pub(crate) collections: BTreeMap<String, BTreeMap<String, Lying>>,
    /// The text of the permissions file, or why it cannot be read.
    pub(crate) permissions: Option<Result<String, String>>,
    /// What was left out, and why.
    pub(crate) left_out: Vec<String>,
}

/// A file on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lying {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
}

/// What was seen of a bot's package, and what its files' contents were.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) looked: Looked,
    /// Hashes by path on disk, with the size and the time that they were computed at.
    pub(crate) hashes: HashMap<PathBuf, (Lying, String)>,
    /// Whether the database shows it.
    pub(crate) is_kept: bool,
}

/// The package folder of the bot called `name`.
pub(crate) fn folder(bots_dir: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    let exact = bots_dir.join(format!("{name}.gbai"));
    if exact.is_dir() {
        return Ok(Some(exact));
    }
    let wanted = format!("{name}.gbai").to_lowercase();
    for entry in fs::read_dir(bots_dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().to_lowercase() == wanted && entry.path().is_dir() {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

/// Looks at the documents of a package.
pub(crate) fn look(package: &Path) -> io::Result<Looked> {
    let mut looked = Looked::default();
    let mut roots: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(package)? {
        let entry = entry?;
        let path = entry.path();
        let is_knowledge = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("gbkb"));
        if is_knowledge && entry.file_type()?.is_dir() {
            roots.push(entry.path());
        }
    }
    roots.sort();
    let mut count = 0;
    for root in roots {
        let own = root.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        for entry in fs::read_dir(&root)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            if name.starts_with('.') || kind.is_symlink() {
                continue;
            }
            if kind.is_dir() {
                match collection_name(&name) {
                    Ok(name) => {
                        // An empty folder is a collection, too.
                        looked.collections.entry(name.clone()).or_default();
                        walk(&entry.path(), "", &name, 0, &mut count, &mut looked)?;
                    }
                    Err(why) => looked.left_out.push(format!("{name}: {why}")),
                }
            } else if ["kb.permissions.yaml", "kb.permissions.yml"].contains(&name.to_lowercase().as_str()) {
                looked.permissions = Some(read_permissions(&entry.path()));
            } else if let Some(Ok(own)) = own.as_deref().map(collection_name) {
                // Files beside the folders are a collection with the name of the package.
                keep(&entry.path(), &name, &own, &mut count, &mut looked);
            }
        }
    }
    Ok(looked)
}

fn read_permissions(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err(format!("the file has {size} bytes, and {LARGEST} are the most"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

fn walk(
    folder: &Path,
    below: &str,
    collection: &str,
    depth: usize,
    count: &mut usize,
    looked: &mut Looked,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        // Hidden files are those of tools; links could lead anywhere.
        if name.starts_with('.') || name.starts_with("~$") || kind.is_symlink() {
            continue;
        }
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if kind.is_dir() {
            if depth + 1 >= DEPTH {
                looked.left_out.push(format!(
                    "{collection}/{path}: {DEPTH} folders inside each other are the most"
                ));
            } else {
                walk(&entry.path(), &path, collection, depth + 1, count, looked)?;
            }
        } else {
            keep(&entry.path(), &path, collection, count, looked);
        }
    }
    Ok(())
}

fn keep(file: &Path, path: &str, collection: &str, count: &mut usize, looked: &mut Looked) {
    *count += 1;
    if *count > MOST {
        if *count == MOST + 1 {
            looked.left_out.push(format!("more than {MOST} files"));
        }
        return;
    }
    // A file that went while it was looked at is not there.
    let Ok(meta) = fs::metadata(file) else { return };
    match document_path(path) {
        Ok(path) => {
            let lying = Lying {
                path: file.to_owned(),
                size: meta.len(),
                modified: meta.modified().ok(),
            };
            looked
                .collections
                .entry(collection.to_owned())
                .or_default()
                .insert(path, lying);
        }
        Err(why) => looked.left_out.push(format!("{collection}/{path}: {why}")),
    }
}

/// The hash of a file's bytes.
pub(crate) fn hash_file(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut fs::File::open(path)?, &mut digest)?;
    Ok(hex(&digest.finalize()))
}

/// The hash of bytes.
pub(crate) fn hash_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"))
}
