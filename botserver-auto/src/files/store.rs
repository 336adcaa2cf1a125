//! The files of one bot on disk: what was written covers what the package brings.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use botstate::dialog::{Fault, FaultKind};
use chrono::{DateTime, Utc};

use super::{
    FilePath, LARGEST_FILE,
    ledger::{Ledger, Record},
    missing,
    path::ending,
};

/// Files that a listing shows at most.
const MOST_ENTRIES: usize = 10_000;

/// A file with what its folder tells about it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: FilePath,
    pub(crate) size: u64,
    pub(crate) modified: Option<DateTime<Utc>>,
    pub(crate) is_folder: bool,
}

/// The folders of one bot.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// Where files, ledger and marks of removed originals lie.
    root: Arc<PathBuf>,
    /// The package.
    package: Arc<Option<PathBuf>>,
    quota: u64,
}

impl Stored {
    pub(super) fn new(root: PathBuf, package: Option<PathBuf>, quota: u64) -> Self {
        Self {
            root: Arc::new(root),
            package: Arc::new(package),
            quota,
        }
    }

    fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    /// Folders of the package that hold files of the bot, each with what their paths begin with.
    fn originals(&self) -> Vec<(PathBuf, Option<String>)> {
        let Some(package) = self.package.as_ref() else {
            return Vec::new();
        };
        let Ok(entries) = fs::read_dir(package) else {
            return Vec::new();
        };
        let mut folders: Vec<(PathBuf, Option<String>)> = Vec::new();
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            match ending(&name).as_str() {
                "gbdata" | "gbdrive" => folders.push((entry.path(), None)),
                "gbkb" => folders.push((entry.path(), Some(name))),
                _ => {}
            }
        }
        folders.sort();
        folders
    }

    /// Where the file lies that scripts see under `path`.
    fn locate(&self, path: &FilePath) -> Result<Option<PathBuf>, Fault> {
        let written = self.files();
        if let Some(found) = inside(&written, Path::new(path.as_str()))? {
            return Ok(Some(found));
        }
        if self.root.join("gone").join(path.as_str()).is_file() {
            return Ok(None);
        }
        for (folder, prefix) in self.originals() {
            let below = match &prefix {
                None => Some(path.as_str()),
                Some(prefix) => path
                    .as_str()
                    .split_once('/')
                    .filter(|(first, _)| first.eq_ignore_ascii_case(prefix))
                    .map(|(_, rest)| rest),
            };
            if let Some(below) = below
                && let Some(found) = inside(&folder, Path::new(below))?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The bytes of a file of at most `largest` bytes.
    pub(super) fn read(&self, path: &FilePath, largest: u64) -> Result<Option<Vec<u8>>, Fault> {
        let Some(found) = self.locate(path)? else {
            return Ok(None);
        };
        let size = fs::metadata(&found).map_err(|error| failed("read", path, &error))?;
        if size.is_dir() {
            return Err(Fault::new(
                FaultKind::Argument,
                format!("{path} is a folder, not a file"),
            ));
        }
        if size.len() > largest.min(LARGEST_FILE) {
            return Err(Fault::new(
                FaultKind::Limit,
                format!(
                    "the file {path} has {} bytes, and {} can be read here",
                    size.len(),
                    largest.min(LARGEST_FILE)
                ),
            )
            .hint("split the file, or keep large data in a table of the bot"));
        }
        fs::read(&found).map(Some).map_err(|error| failed("read", path, &error))
    }

    /// What is known about a file.
    pub(super) fn entry(&self, path: &FilePath) -> Result<Option<Entry>, Fault> {
        let Some(found) = self.locate(path)? else {
            return Ok(None);
        };
        entry(path.clone(), &found)
            .map(Some)
            .map_err(|error| failed("look at", path, &error))
    }

    /// Replaces a file by what `change` makes of its bytes, once for each key.
    pub(super) fn change<T>(
        &self,
        key: &str,
        path: &FilePath,
        change: impl FnOnce(Option<Vec<u8>>) -> Result<(Vec<u8>, T), Fault>,
    ) -> Result<T, Fault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        let io = |error: &io::Error| failed("write", path, error);
        let ledger = Ledger::lock(&self.root).map_err(|error| io(&error))?;
        if let Some(record) = ledger.find(key).map_err(|error| io(&error))?
            && record.path == path.as_str()
            && let Ok(result) = serde_json::from_value(record.result)
        {
            return Ok(result);
        }
        let before = self.read(path, LARGEST_FILE)?;
        let (bytes, result) = change(before)?;
        self.check_room(path, bytes.len() as u64)?;
        self.check_place(path)?;
        let record = Record {
            path: path.to_string(),
            result: serde_json::to_value(&result).unwrap_or_default(),
        };
        ledger.replace(key, &record, &bytes).map_err(|error| io(&error))?;
        Ok(result)
    }

    /// Removes a file; an original of the package is only covered.
    pub(super) fn remove(&self, key: &str, path: &FilePath) -> Result<bool, Fault> {
        let io = |error: &io::Error| failed("remove", path, error);
        let ledger = Ledger::lock(&self.root).map_err(|error| io(&error))?;
        let before = ledger.find(key).map_err(|error| io(&error))?;
        let found = self.locate(path)?;
        let result = found.is_some() || before.is_some_and(|record| record.result == serde_json::Value::Bool(true));
        let record = Record {
            path: path.to_string(),
            result: result.into(),
        };
        ledger.keep(key, &record).map_err(|error| io(&error))?;
        let Some(found) = found else { return Ok(result) };
        if found.is_dir() {
            if !found.starts_with(canonical(&self.files()).unwrap_or_else(|| self.files())) {
                return Err(Fault::new(
                    FaultKind::Permission,
                    format!("the folder {path} belongs to the bot's package"),
                ));
            }
            fs::remove_dir(&found).map_err(|error| {
                io(&error).hint("a folder is removed when it is empty: remove the files in it first")
            })?;
            return Ok(true);
        }
        self.hide(path).map_err(|error| io(&error))?;
        Ok(true)
    }

    /// Takes a file out of sight.
    fn hide(&self, path: &FilePath) -> io::Result<()> {
        let written = self.files().join(path.as_str());
        let mark = self.root.join("gone").join(path.as_str());
        let covers = self
            .originals()
            .iter()
            .any(|(folder, _)| folder.join(path.as_str()).exists())
            || path.as_str().contains(".gbkb/");
        if covers {
            if let Some(folder) = mark.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&mark, b"")?;
        }
        match fs::remove_file(&written) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Moves a file.
    pub(super) fn rename(&self, key: &str, from: &FilePath, to: &FilePath) -> Result<(), Fault> {
        let io = |error: &io::Error| failed("move", from, error);
        let bytes = self.read(from, LARGEST_FILE)?;
        let Some(bytes) = bytes else {
            // Performed before and cut off afterwards.
            let ledger = Ledger::lock(&self.root).map_err(|error| io(&error))?;
            return match ledger.find(key).map_err(|error| io(&error))? {
                Some(record) if record.path == to.as_str() => Ok(()),
                _ => Err(missing(from)),
            };
        };
        if from == to {
            return Ok(());
        }
        self.change(key, to, |_| Ok((bytes, ())))?;
        let _ledger = Ledger::lock(&self.root).map_err(|error| io(&error))?;
        self.hide(from).map_err(|error| io(&error))
    }

    /// Files and folders in a folder, by path.
    pub(super) fn list(&self, folder: Option<&FilePath>, deep: bool) -> Result<Vec<Entry>, Fault> {
        let mut found: BTreeMap<String, Entry> = BTreeMap::new();
        let prefix = folder.map(|folder| format!("{folder}/")).unwrap_or_default();
        let mut roots: Vec<(PathBuf, String)> = vec![(self.files(), String::new())];
        for (root, name) in self.originals() {
            roots.push((root, name.map(|name| format!("{name}/")).unwrap_or_default()));
        }
        for (place, (root, below)) in roots.iter().enumerate() {
            let Some(rest) = prefix.strip_prefix(below.as_str()) else {
                // The root itself lies in the folder that is asked for.
                if deep && below.starts_with(&prefix) {
                    self.walk(root, Path::new(""), below, deep, place > 0, &mut found)?;
                }
                continue;
            };
            self.walk(root, Path::new(rest), below, deep, place > 0, &mut found)?;
        }
        Ok(found.into_values().collect())
    }

    fn walk(
        &self,
        root: &Path,
        at: &Path,
        below: &str,
        deep: bool,
        original: bool,
        found: &mut BTreeMap<String, Entry>,
    ) -> Result<(), Fault> {
        let Some(folder) = inside(root, at)? else { return Ok(()) };
        let Ok(entries) = fs::read_dir(&folder) else {
            return Ok(());
        };
        for item in entries.filter_map(Result::ok) {
            let name = item.file_name().to_string_lossy().into_owned();
            let relative = at.join(&name);
            let shown = format!("{below}{}", relative.to_string_lossy());
            // Links and names that no script could ask for are not shown.
            let (Ok(path), Ok(kind)) = (FilePath::parse(&shown), item.file_type()) else {
                continue;
            };
            if kind.is_symlink() || original && self.root.join("gone").join(path.as_str()).is_file() {
                continue;
            }
            if found.len() >= MOST_ENTRIES {
                return Err(Fault::new(
                    FaultKind::Limit,
                    format!("there are more than {MOST_ENTRIES} files to list"),
                )
                .hint("list one folder at a time"));
            }
            if kind.is_dir() && deep {
                self.walk(root, &relative, below, deep, original, found)?;
            } else if let Ok(entry) = entry(path.clone(), &item.path()) {
                found.entry(path.to_string()).or_insert(entry);
            }
        }
        Ok(())
    }

    /// Refuses to write more than the bot may keep.
    fn check_room(&self, path: &FilePath, bytes: u64) -> Result<(), Fault> {
        if bytes > LARGEST_FILE {
            return Err(Fault::new(
                FaultKind::Limit,
                format!("a file may have {LARGEST_FILE} bytes at most, and {path} would have {bytes}"),
            ));
        }
        let replaced = fs::metadata(self.files().join(path.as_str())).map_or(0, |meta| meta.len());
        let used = size_of(&self.files(), 0).saturating_sub(replaced);
        if used.saturating_add(bytes) <= self.quota {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::Limit,
            format!("the bot's files would have more than {} MiB", self.quota >> 20),
        )
        .hint("remove files that nobody needs, or raise files-quota-mb in config.csv"))
    }

    /// Refuses to write through links and over folders.
    fn check_place(&self, path: &FilePath) -> Result<(), Fault> {
        let mut at = self.files();
        let refuse = |why: &str| Err(Fault::new(FaultKind::Permission, format!("cannot write {path}: {why}")));
        let mut names = path.as_str().split('/').peekable();
        while let Some(name) = names.next() {
            at.push(name);
            match fs::symlink_metadata(&at) {
                Ok(meta) if meta.is_symlink() => return refuse("a link is in the way"),
                Ok(meta) if names.peek().is_some() && !meta.is_dir() => {
                    return refuse("a file is where a folder should be");
                }
                Ok(meta) if names.peek().is_none() && meta.is_dir() => return refuse("a folder of that name is there"),
                _ => {}
            }
        }
        Ok(())
    }
}

fn entry(path: FilePath, found: &Path) -> io::Result<Entry> {
    let meta = fs::metadata(found)?;
    Ok(Entry {
        path,
        size: meta.len(),
        modified: meta.modified().ok().map(DateTime::<Utc>::from),
        is_folder: meta.is_dir(),
    })
}

fn canonical(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

/// The file at `path` below `root`, if it is there and no link leads out of `root`; names are found in any letter
/// case, as scripts come from systems that do not mind it.
fn inside(root: &Path, path: &Path) -> Result<Option<PathBuf>, Fault> {
    let Some(base) = canonical(root) else { return Ok(None) };
    let mut at = base.clone();
    for name in path {
        let exact = at.join(name);
        if exact.symlink_metadata().is_ok() {
            at = exact;
            continue;
        }
        let wanted = name.to_string_lossy().to_lowercase();
        let other = fs::read_dir(&at).ok().and_then(|entries| {
            entries
                .filter_map(Result::ok)
                .find(|entry| entry.file_name().to_string_lossy().to_lowercase() == wanted)
        });
        match other {
            Some(entry) => at = entry.path(),
            None => return Ok(None),
        }
    }
    match canonical(&at) {
        Some(real) if real.starts_with(&base) => Ok(Some(real)),
        Some(_) => Err(Fault::new(
            FaultKind::Permission,
            format!("{} leads out of the bot's files", path.display()),
        )),
        None => Ok(None),
    }
}

/// Bytes of all files in a folder.
fn size_of(folder: &Path, depth: usize) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let mut total = 0_u64;
    for entry in entries.filter_map(Result::ok) {
        let Ok(kind) = entry.file_type() else { continue };
        let size = if kind.is_dir() && depth < 32 {
            size_of(&entry.path(), depth + 1)
        } else {
            entry.metadata().map_or(0, |meta| meta.len())
        };
        total = total.saturating_add(size);
    }
    total
}

fn failed(what: &str, path: &FilePath, error: &io::Error) -> Fault {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => FaultKind::NotFound,
        io::ErrorKind::PermissionDenied => FaultKind::Permission,
        _ => FaultKind::Data,
    };
    Fault::new(kind, format!("could not {what} the file {path}: {error}"))
}
