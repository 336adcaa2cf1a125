//! The folder of local models: what lies there, whether it is what it should be, and what can be fetched.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// The table of models whose files are known.
const TABLE: &str = include_str!("shelf.csv");

/// Beside files that an operator fetched: their digests, in the form of `sha256sum`.
const SUMS: &str = "checksums.sha256";

/// The folder with the models, one folder each; cheap to clone.
#[derive(Debug, Clone)]
pub struct ModelShelf(PathBuf);

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// Its path in the model's folder.
    pub file: String,
    /// Its size in bytes, where it is known.
    pub bytes: Option<u64>,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Where it comes from, where that is known.
    pub url: Option<String>,
}

/// A model of the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfEntry {
    /// Its name, which is that of its folder.
    pub name: String,
    /// Its licence, where it is one of those that can be fetched by name.
    pub licence: Option<String>,
    /// Whether it can be fetched by name.
    pub is_pinned: bool,
    /// The files whose digests are known.
    pub files: Vec<ModelFile>,
    /// How many of them lie there with their size.
    pub present: usize,
    /// Bytes of all files in the folder.
    pub bytes: u64,
    /// Whether there is a folder.
    pub exists: bool,
}

/// How a file compares with its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// It is what it should be.
    Same,
    /// It is not there.
    Missing,
    /// It is something else.
    Different,
}

impl ModelShelf {
    /// The shelf at `folder`, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Every model that lies there or can be fetched by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> io::Result<Vec<ShelfEntry>> {
        let pinned = pinned();
        let mut names: BTreeSet<String> = pinned.keys().map(|name| (*name).to_owned()).collect();
        match fs::read_dir(&self.0) {
            Ok(entries) => {
                for entry in entries {
                    let entry = entry?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    if entry.path().is_dir() && folder_name(&name).is_ok() {
                        names.insert(name);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(names.into_iter().map(|name| self.entry(name)).collect())
    }

    /// A model by its name, the maker's name before it left out (`BAAI/bge-small-en-v1.5`).
    ///
    /// # Errors
    /// When the name cannot be that of a folder.
    pub fn find(&self, name: &str) -> Result<ShelfEntry, String> {
        folder_name(name).map(|name| self.entry(name.to_owned()))
    }

    fn entry(&self, name: String) -> ShelfEntry {
        let path = self.0.join(&name);
        let row = pinned().remove(name.as_str());
        let is_pinned = row.is_some();
        let (licence, mut files) = row.map_or((None, Vec::new()), |(licence, files)| (Some(licence.to_owned()), files));
        if !is_pinned {
            files = sums(&path);
        }
        let size = |file: &str| fs::metadata(path.join(file)).ok().map(|metadata| metadata.len());
        let present = files
            .iter()
            .filter(|file| size(&file.file).is_some_and(|bytes| file.bytes.is_none_or(|wanted| wanted == bytes)))
            .count();
        ShelfEntry {
            exists: path.is_dir(),
            bytes: total(&path),
            name,
            licence,
            is_pinned,
            files,
            present,
        }
    }

    /// Where a file of a model lies.
    ///
    /// # Errors
    /// When the path leads out of the model's folder.
    pub fn path(&self, name: &str, file: &str) -> Result<PathBuf, String> {
        let plain = Path::new(file)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if file.is_empty() || !plain {
            return Err(format!("{file:?} is not the path of a file in the model's folder"));
        }
        Ok(self.0.join(folder_name(name)?).join(file))
    }

    /// Compares a file with its digest by reading all of it.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn check(&self, name: &str, file: &ModelFile) -> Result<FileState, String> {
        let path = self.path(name, &file.file)?;
        let told = |error: io::Error| format!("could not read {}: {error}", path.display());
        match sha256_of(&path) {
            Ok((_, bytes)) if file.bytes.is_some_and(|wanted| wanted != bytes) => Ok(FileState::Different),
            Ok((digest, _)) if digest.eq_ignore_ascii_case(&file.sha256) => Ok(FileState::Same),
            Ok(_) => Ok(FileState::Different),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FileState::Missing),
            Err(error) => Err(told(error)),
        }
    }

    /// Remembers the digest of a file that an operator fetched, so that it can be verified later.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember(&self, name: &str, file: &str, sha256: &str) -> Result<(), String> {
        let path = self.0.join(folder_name(name)?);
        let mut all = sums(&path);
        all.retain(|known| known.file != file);
        all.push(ModelFile {
            file: file.to_owned(),
            bytes: None,
            sha256: sha256.to_ascii_lowercase(),
            url: None,
        });
        all.sort_by(|a, b| a.file.cmp(&b.file));
        let mut text = String::new();
        for file in &all {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{}  {}", file.sha256, file.file);
        }
        let (whole, part) = (path.join(SUMS), path.join(".checksums.part"));
        fs::write(&part, text)
            .and_then(|()| fs::rename(&part, &whole))
            .map_err(|error| format!("could not write {}: {error}", whole.display()))
    }
}

/// The digest of a file in hexadecimal digits, and its size.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    let mut bytes = 0_u64;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((crate::client::hex(&digest.finalize()), bytes));
        }
        digest.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

/// The folder of a model: its name without its maker's.
pub(crate) fn folder_name(name: &str) -> Result<&str, String> {
    let is_plain = |part: &str| {
        let mut characters = part.chars();
        !part.is_empty()
            && part.len() <= 100
            && !part.starts_with('.')
            && characters.all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let (maker, last) = name.rsplit_once('/').unwrap_or(("any", name));
    if is_plain(maker) && is_plain(last) {
        return Ok(last);
    }
    Err(format!(
        "{name:?} is not the name of a model in models_dir: letters, digits, - _ and . make one"
    ))
}

/// The models that can be fetched by name, with their licences and files.
fn pinned() -> BTreeMap<&'static str, (&'static str, Vec<ModelFile>)> {
    let mut all: BTreeMap<&str, (&str, Vec<ModelFile>)> = BTreeMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        // The tests read the table, so that no row can be of another form.
        if let [model, licence, file, bytes, sha256, url] = cells.as_slice() {
            all.entry(model).or_insert((licence, Vec::new())).1.push(ModelFile {
                file: (*file).to_owned(),
                bytes: bytes.parse().ok(),
                sha256: (*sha256).to_owned(),
                url: Some((*url).to_owned()),
            });
        }
    }
    all
}

/// The digests that lie in a folder.
fn sums(path: &Path) -> Vec<ModelFile> {
    let text = fs::read_to_string(path.join(SUMS)).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(sha256, file)| ModelFile {
            file: file.trim().to_owned(),
            bytes: None,
            sha256: sha256.trim().to_owned(),
            url: None,
        })
        .collect()
}

/// Bytes of the files in a folder.
fn total(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => total(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_whole() {
        let rows = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1).count();
        let all = pinned();

        assert_eq!(all.values().map(|(_, files)| files.len()).sum::<usize>(), rows);
        for (model, (licence, files)) in all {
            assert_eq!(folder_name(model), Ok(model));
            assert!(["MIT", "Apache-2.0"].contains(&licence), "{model}");
            for file in &files {
                assert!(file.sha256.len() == 64 && file.bytes.is_some(), "{model} {}", file.file);
                let url = file.url.as_deref().unwrap_or_default();
                assert!(url.starts_with("https://") && url.ends_with(&file.file), "{url}");
            }
            for needed in ["config.json", "tokenizer.json", "model.safetensors"] {
                assert!(files.iter().any(|file| file.file == needed), "{model} {needed}");
            }
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        assert_eq!(folder_name("BAAI/bge-small-en-v1.5"), Ok("bge-small-en-v1.5"));
        for bad in ["", "..", ".hidden", "a/b/c", "/etc", "a/", "a\\b", "../x"] {
            assert!(folder_name(bad).is_err(), "{bad:?}");
        }
        let shelf = ModelShelf::new("models");
        assert!(shelf.path("m", "1_Pooling/config.json").is_ok());
        for bad in ["", "../x", "/etc/passwd", "a/../../x"] {
            assert!(shelf.path("m", bad).is_err(), "{bad:?}");
        }
    }
}
