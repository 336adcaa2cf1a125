//! The bots that are measured.

use std::{fs, path::Path};

use anyhow::Context;

/// Echoes every message: one HEAR and one TALK a turn, in a loop that never ends.
pub(crate) const TALKING: &str = "bench";
/// Says nothing and has no dialog.
pub(crate) const QUIET: &str = "quiet";

/// The dialog of [`TALKING`].
pub(crate) const START: &str = r#"' Answers every message with an echo: one TALK a turn.
DO WHILE TRUE
    HEAR x
    TALK "echo " + x
LOOP
"#;

/// Writes the packages into `folder`.
pub(crate) fn write(folder: &Path) -> anyhow::Result<()> {
    for (bot, script) in [(TALKING, Some(START)), (QUIET, None)] {
        let package = folder.join(format!("{bot}.gbai"));
        let dialogs = package.join(format!("{bot}.gbdialog"));
        let settings = package.join(format!("{bot}.gbot"));
        for folder in [&dialogs, &settings] {
            fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        }
        fs::write(settings.join("config.csv"), "name,value\nlocale,en\n")?;
        if let Some(script) = script {
            fs::write(dialogs.join("start.bas"), script)?;
        }
    }
    Ok(())
}
