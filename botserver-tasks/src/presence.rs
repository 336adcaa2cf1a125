//! Which nodes of a database file are there. Each holds a lock on a file of its own, which the system takes back however
//! the node ends.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// A node that is there for as long as this is held.
#[derive(Debug)]
pub(crate) struct Presence {
    folder: PathBuf,
    own: PathBuf,
    _lock: File,
}

impl Presence {
    /// Lets the other nodes on `database` know that `node` is there, and clears away what those left that are gone.
    pub(crate) fn of(database: &Path, node: &str) -> io::Result<Self> {
        let folder = database.with_extension("nodes");
        fs::create_dir_all(&folder)?;
        // Its name shows that a node is there, so it is locked before it has that name.
        let unnamed = folder.join(format!(".{node}"));
        let lock = File::create(&unnamed)?;
        lock.try_lock()?;
        let own = folder.join(node);
        fs::rename(&unnamed, &own)?;
        let presence = Self {
            folder,
            own,
            _lock: lock,
        };
        presence.clear()?;
        Ok(presence)
    }

    /// Whether nothing holds the lock of `node` any more.
    pub(crate) fn is_gone(&self, node: &str) -> bool {
        match File::open(self.folder.join(node)) {
            // Shared, so that two who ask at once do not take each other for the node.
            Ok(file) => file.try_lock_shared().is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let Some(node) = name.to_str() else { continue };
            if !node.starts_with('.') && self.is_gone(node) {
                // Another start may have been faster.
                let _ = fs::remove_file(self.folder.join(node));
            }
        }
        Ok(())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // What stays is cleared away by the next start.
        let _ = fs::remove_file(&self.own);
    }
}
