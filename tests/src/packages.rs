//! Folders of bots, made for one test.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder of packages, removed with it.
#[derive(Debug)]
pub struct Packages(TempDir);

impl Packages {
    /// An empty folder.
    ///
    /// # Panics
    /// When there is no room for one.
    #[expect(clippy::new_without_default, reason = "making a folder is no default")]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("botserver-bots-").tempdir();
        Self(folder.expect("a temporary folder can be made"))
    }

    /// One bot with one script, `start`.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn of_start(bot: &str, text: &str) -> Self {
        let packages = Self::new();
        packages.script(bot, "start", text);
        packages
    }

    /// Writes a script, in one step as good editors do; makes the package when it is missing.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn script(&self, bot: &str, script: &str, text: &str) {
        let folder = self.package(bot).join(format!("{bot}.gbdialog"));
        std::fs::create_dir_all(&folder).expect("the package's folder can be made");
        let (draft, script) = (folder.join(".draft"), folder.join(format!("{script}.bas")));
        std::fs::write(&draft, text).expect("the script can be written");
        std::fs::rename(draft, script).expect("the script can be put in its place");
    }

    /// Writes the settings of a bot, whose heading line is added.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn settings(&self, bot: &str, rows: &[(&str, &str)]) {
        let folder = self.package(bot).join(format!("{bot}.gbot"));
        std::fs::create_dir_all(&folder).expect("the package's folder can be made");
        let rows = rows.iter().map(|(name, value)| format!("{name},{value}\n"));
        let text = std::iter::once("name,value\n".to_owned())
            .chain(rows)
            .collect::<String>();
        std::fs::write(folder.join("config.csv"), text).expect("the settings can be written");
    }

    /// Writes a file at that path of the package.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, bot: &str, path: &str, text: &str) {
        let file = self.package(bot).join(path);
        let folder = file.parent().expect("a file lies in a folder");
        std::fs::create_dir_all(folder).expect("the file's folder can be made");
        std::fs::write(file, text).expect("the file can be written");
    }

    /// The folder of one package.
    pub fn package(&self, bot: &str) -> PathBuf {
        self.path().join(format!("{bot}.gbai"))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
