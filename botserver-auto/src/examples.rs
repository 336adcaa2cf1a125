//! The packages that ship, as a folder that is missing gets its first bot from.

use std::{fs, io, path::Path};

/// A file of a package: its path below the folder of bots, and its text.
pub type ExampleFile = (&'static str, &'static str);

macro_rules! package {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../bots/", $path)))),*]
    };
}

const DEFAULT: &[ExampleFile] = package![
    "default.gbai/default.gbot/config.csv",
    "default.gbai/default.gbot/PROMPT.md",
    "default.gbai/default.gbdialog/start.bas",
    "default.gbai/default.gbdialog/shopping-list.bas",
    "default.gbai/default.gbdialog/days-until.bas",
    "default.gbai/default.gbdialog/split-bill.bas",
    "default.gbai/default.gbdialog/start.test.yaml",
    "default.gbai/default.gbdialog/tools.test.yaml",
];

/// The files of `default.gbai`, the bot that a new server talks with.
pub fn embedded_example() -> &'static [ExampleFile] {
    DEFAULT
}

/// Makes `bots_dir` with `default.gbai` in it when there is no such folder; true when it was made.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn write_first_bot(bots_dir: &Path) -> io::Result<bool> {
    if bots_dir.exists() {
        return Ok(false);
    }
    // Whole or not at all: a folder that was half written would be taken for what its owner wants.
    let fresh = bots_dir.with_extension("new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    for (path, text) in DEFAULT {
        let path = fresh.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    fs::rename(&fresh, bots_dir)?;
    Ok(true)
}
