//! Changes of files that happen once.
//!
//! The new content is written beside the others, then a record with the call's key and result, then the content is
//! moved to its place. Whoever holds the lock next finishes a move that was cut off; a call that is performed again
//! finds its record and gives the same result.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::basic::number::hexadecimal;

/// How long records are kept: longer than any turn is repeated.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// What a call did.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// The file it changed, below the bot's files.
    pub(super) path: String,
    /// What the call gave.
    pub(super) result: serde_json::Value,
}

/// The ledger of a bot, locked against everybody else, other processes included.
pub(super) struct Ledger {
    root: PathBuf,
    _lock: File,
}

impl Ledger {
    /// Locks the bot's files and finishes what was cut off.
    pub(super) fn lock(root: &Path) -> io::Result<Self> {
        for folder in ["files", "fresh", "done", "gone"] {
            fs::create_dir_all(root.join(folder))?;
        }
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(root.join("lock"))?;
        lock.lock()?;
        let ledger = Self {
            root: root.to_owned(),
            _lock: lock,
        };
        ledger.recover()?;
        Ok(ledger)
    }

    fn recover(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.root.join("fresh"))? {
            let fresh = entry?.path();
            let name = fresh.file_name().unwrap_or_default().to_owned();
            match read(&self.root.join("done").join(&name))? {
                Some(record) => self.place(&fresh, &record.path)?,
                // Cut off before its record: the call is performed again as a whole.
                None => fs::remove_file(&fresh)?,
            }
        }
        Ok(())
    }

    /// What the call with that key did, if it was performed before.
    pub(super) fn find(&self, key: &str) -> io::Result<Option<Record>> {
        read(&self.root.join("done").join(name(key)))
    }

    /// Keeps what a call did.
    pub(super) fn keep(&self, key: &str, record: &Record) -> io::Result<()> {
        let name = name(key);
        // One in 256 calls takes old records away, so that no timer is needed.
        if name.starts_with("00") {
            self.prune()?;
        }
        let text = serde_json::to_vec(record)?;
        let draft = self.root.join("done").join(format!("{name}.new"));
        let mut file = File::create(&draft)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&draft, self.root.join("done").join(name))
    }

    /// Puts `bytes` in the place of the file at `record.path`, and remembers the call that did it.
    pub(super) fn replace(&self, key: &str, record: &Record, bytes: &[u8]) -> io::Result<()> {
        let fresh = self.root.join("fresh").join(name(key));
        let mut file = File::create(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        self.keep(key, record)?;
        self.place(&fresh, &record.path)
    }

    fn place(&self, fresh: &Path, path: &str) -> io::Result<()> {
        let target = self.root.join("files").join(path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(fresh, &target)?;
        let gone = self.root.join("gone").join(path);
        match fs::remove_file(&gone) {
            Err(error) if error.kind() != io::ErrorKind::NotFound && !gone.is_dir() => Err(error),
            _ => Ok(()),
        }
    }

    fn prune(&self) -> io::Result<()> {
        let Some(before) = SystemTime::now().checked_sub(KEPT) else {
            return Ok(());
        };
        for entry in fs::read_dir(self.root.join("done"))? {
            let entry = entry?;
            if entry.metadata()?.modified().is_ok_and(|at| at < before) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn name(key: &str) -> String {
    hexadecimal(Sha256::digest(key.as_bytes()).iter().take(20))
}

fn read(path: &Path) -> io::Result<Option<Record>> {
    match fs::read(path) {
        // A record that cannot be read was never whole, and then nothing was moved for it.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
