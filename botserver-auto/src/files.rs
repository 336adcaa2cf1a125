//! Files of bots: what scripts read and write.
//!
//! What a package brings in its `.gbdata` and `.gbdrive` folders is never changed; what scripts write lies under
//! `<data>/bots/<bot>/files` and covers the original of the same name. Every path is checked before it is used: no
//! parent folders, no absolute paths, no way out through links. A file is replaced as a whole, and a call that is
//! performed again after a crash changes it once, because its key is in the ledger before the file is in its place.

mod archive;
mod ledger;
mod links;
mod path;
mod sheet;
mod store;
mod table;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use botlib::value::FileRef;
use botstate::dialog::{Bot, Fault, FaultKind, Settings};
use chrono::{DateTime, FixedOffset};
use md5::{Digest as _, Md5};

pub(crate) use archive::{pack, unpack};
pub(crate) use links::Links;
pub(crate) use path::FilePath;
pub(crate) use store::{Entry, Stored};
pub(crate) use table::{is_table, parse as parse_table, serialise};

use crate::basic::tabular::Table;

/// Bytes that one file may have.
pub(crate) const LARGEST_FILE: u64 = 100 << 20;

/// Bytes that a file may have which is read as a table or a text.
pub(crate) const LARGEST_TABLE: u64 = 32 << 20;

/// Bytes that all files of a bot may have together, unless `files-quota-mb` says otherwise.
const QUOTA: u64 = 1 << 30;

/// The files of all bots; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Drives {
    folders: Arc<Folders>,
}

#[derive(Debug)]
struct Folders {
    /// What scripts wrote, a folder a bot.
    written: PathBuf,
    /// The packages.
    packages: PathBuf,
    /// Whether `written` ends with the process.
    passing: bool,
}

impl Drop for Folders {
    fn drop(&mut self) {
        if self.passing {
            // Nothing was written when it is not there, and a temporary folder that stays does no harm.
            let _ = std::fs::remove_dir_all(&self.written);
        }
    }
}

impl Drives {
    /// Files that scripts write lie in `data`, those of packages in `packages`.
    pub(crate) fn new(data: &Path, packages: &Path) -> Self {
        Self::of_folders(data.join("bots"), packages.to_owned(), false)
    }

    /// Files that end with the process, over those of the packages in `packages`.
    pub(crate) fn passing(packages: &Path) -> Self {
        let folder = std::env::temp_dir().join(format!("botserver-{}", uuid::Uuid::now_v7().simple()));
        Self::of_folders(folder, packages.to_owned(), true)
    }

    fn of_folders(written: PathBuf, packages: PathBuf, passing: bool) -> Self {
        Self {
            folders: Arc::new(Folders {
                written,
                packages,
                passing,
            }),
        }
    }

    /// The files of a bot.
    pub(crate) fn of(&self, bot: &Bot) -> BotFiles {
        BotFiles {
            bot: bot.name.clone(),
            stored: Stored::new(
                self.folders.written.join(path::folder_name(&bot.name)),
                package_folder(&self.folders.packages, &bot.name),
                quota(&bot.settings),
            ),
            // The folder of a passing drive must outlive every call that uses it.
            _folders: Arc::clone(&self.folders),
        }
    }
}

fn quota(settings: &Settings) -> u64 {
    settings
        .parse::<u64>("files-quota-mb")
        .map_or(QUOTA, |mib| mib.saturating_mul(1 << 20))
}

/// The folder of a package: the bots' folder may hold it in another letter case, or be the package itself.
fn package_folder(packages: &Path, bot: &str) -> Option<PathBuf> {
    let named = packages.join(format!("{bot}.gbai"));
    if named.is_dir() {
        return Some(named);
    }
    let is_package = |name: &str| {
        name.rsplit_once('.')
            .is_some_and(|(stem, ending)| ending.eq_ignore_ascii_case("gbai") && stem.eq_ignore_ascii_case(bot))
    };
    if packages
        .file_name()
        .is_some_and(|name| is_package(&name.to_string_lossy()))
    {
        return Some(packages.to_owned());
    }
    let found = std::fs::read_dir(packages)
        .ok()?
        .filter_map(Result::ok)
        .find(|entry| is_package(&entry.file_name().to_string_lossy()));
    found.map(|entry| entry.path())
}

/// The files of one bot; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct BotFiles {
    bot: String,
    stored: Stored,
    _folders: Arc<Folders>,
}

impl BotFiles {
    /// The bytes of a file; nothing when there is none.
    pub(crate) async fn read(&self, path: &FilePath, largest: u64) -> Result<Option<Vec<u8>>, Fault> {
        let (stored, path) = (self.stored.clone(), path.clone());
        blocking(move || stored.read(&path, largest)).await
    }

    /// The text of a file; nothing when there is none.
    pub(crate) async fn text(&self, path: &FilePath, largest: u64) -> Result<Option<String>, Fault> {
        Ok(self.read(path, largest).await?.map(|bytes| {
            String::from_utf8_lossy(&bytes)
                .trim_start_matches('\u{feff}')
                .to_owned()
        }))
    }

    /// What is known about a file, its MD5 included; nothing when there is none.
    pub(crate) async fn find(&self, path: &FilePath) -> Result<Option<FileRef>, Fault> {
        let (files, path) = (self.clone(), path.clone());
        blocking(move || {
            let Some(entry) = files.stored.entry(&path)? else {
                return Ok(None);
            };
            let digest = files.stored.read(&path, LARGEST_FILE)?.map(|bytes| md5_of(&bytes));
            Ok(Some(files.file_ref(&entry, digest)))
        })
        .await
    }

    /// Replaces a file as a whole.
    pub(crate) async fn write(&self, key: &str, path: &FilePath, bytes: Vec<u8>) -> Result<FileRef, Fault> {
        let (files, path, key) = (self.clone(), path.clone(), key.to_owned());
        blocking(move || {
            let digest = md5_of(&bytes);
            files.stored.change(&key, &path, |_| Ok((bytes, ())))?;
            let entry = files.stored.entry(&path)?.ok_or_else(|| missing(&path))?;
            Ok(files.file_ref(&entry, Some(digest)))
        })
        .await
    }

    /// Replaces a file by what `change` makes of its bytes, once for each `key`; gives what `change` gave then.
    pub(crate) async fn change<T>(
        &self,
        key: &str,
        path: &FilePath,
        change: impl FnOnce(Option<Vec<u8>>) -> Result<(Vec<u8>, T), Fault> + Send + 'static,
    ) -> Result<T, Fault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        let (stored, path, key) = (self.stored.clone(), path.clone(), key.to_owned());
        blocking(move || stored.change(&key, &path, change)).await
    }

    /// The rows of a data file; nothing when there is no such file.
    pub(crate) async fn table(&self, path: &FilePath) -> Result<Option<Table>, Fault> {
        let (stored, path) = (self.stored.clone(), path.clone());
        blocking(move || {
            let Some(bytes) = stored.read(&path, LARGEST_TABLE)? else {
                return Ok(None);
            };
            parse_table(&path, &bytes).map(Some)
        })
        .await
    }

    /// Changes the rows of a data file, which is made when it is not there, once for each `key`.
    pub(crate) async fn change_table<T>(
        &self,
        key: &str,
        path: &FilePath,
        change: impl FnOnce(&mut Table) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        let name = path.clone();
        self.change(key, path, move |bytes| {
            let mut table = match bytes {
                Some(bytes) => parse_table(&name, &bytes)?,
                None => Table::default(),
            };
            let result = change(&mut table)?;
            Ok((table::bytes(&name, &table)?, result))
        })
        .await
    }

    /// Removes a file or a folder without files; false when there was none.
    pub(crate) async fn remove(&self, key: &str, path: &FilePath) -> Result<bool, Fault> {
        let (stored, path, key) = (self.stored.clone(), path.clone(), key.to_owned());
        blocking(move || stored.remove(&key, &path)).await
    }

    /// Moves a file.
    pub(crate) async fn rename(&self, key: &str, from: &FilePath, to: &FilePath) -> Result<(), Fault> {
        let (stored, from, to, key) = (self.stored.clone(), from.clone(), to.clone(), key.to_owned());
        blocking(move || stored.rename(&key, &from, &to)).await
    }

    /// Files in a folder, by path; with `deep` those of the folders in it as well.
    pub(crate) async fn list(&self, folder: Option<&FilePath>, deep: bool) -> Result<Vec<Entry>, Fault> {
        let (stored, folder) = (self.stored.clone(), folder.cloned());
        blocking(move || stored.list(folder.as_ref(), deep)).await
    }

    /// A file as scripts handle it.
    pub(crate) fn file_ref(&self, entry: &Entry, digest: Option<String>) -> FileRef {
        FileRef {
            url: address(&self.bot, &entry.path),
            name: entry.path.name().to_owned(),
            mime: mime(entry.path.name()),
            size_bytes: entry.size,
            path: Some(entry.path.to_string()),
            modified: entry.modified.map(|at| at.fixed_offset()),
            md5: digest,
        }
    }
}

/// Where a file of a bot is found.
pub(crate) fn address(bot: &str, path: &FilePath) -> String {
    let encode = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let bot = encode(bot).replace('+', "%20");
    format!("/api/files/{bot}?path={}", encode(path.as_str()))
}

/// The media type that a file's name promises.
pub(crate) fn mime(name: &str) -> String {
    mime_guess::from_path(name).first_or_octet_stream().to_string()
}

pub(crate) fn md5_of(bytes: &[u8]) -> String {
    crate::basic::number::hexadecimal(Md5::digest(bytes).iter())
}

/// The fault of a file that is not there.
pub(crate) fn missing(path: &FilePath) -> Fault {
    Fault::new(FaultKind::NotFound, format!("the bot has no file {path}")).hint("LIST \"folder/\" shows what there is")
}

/// When a file was written last, in the zone of the surrounding run.
pub(crate) fn in_zone(at: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
    crate::basic::run::with(|run| at.with_timezone(&run.zone).fixed_offset())
}

/// Runs what reads or writes files where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Fault::new(
            FaultKind::Internal,
            format!("work on a file was cut off: {error}"),
        )),
    }
}

#[cfg(test)]
mod tests;
