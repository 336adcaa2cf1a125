//! `bot new`: a package to begin with.

use std::{fs, io, path::Path, path::PathBuf};

use super::{OK, UNABLE};

/// The longest name of a bot.
const LONGEST: usize = 64;

/// Files of a package: where they lie in it, what they hold, and what they are for. `NAME` stands for the bot's name.
const FILES: [(&str, &str, &str); 6] = [
    (
        "NAME.gbdialog/start.bas",
        include_str!("new/start.bas"),
        "what it says when somebody comes",
    ),
    (
        "NAME.gbdialog/book.bas",
        include_str!("new/book.bas"),
        "a tool for people and for the model",
    ),
    (
        "NAME.gbdialog/tables.bas",
        include_str!("new/tables.bas"),
        "the bot's own tables",
    ),
    (
        "NAME.gbdialog/start.test.yaml",
        include_str!("new/start.test.yaml"),
        "tests of all this",
    ),
    (
        "NAME.gbot/PROMPT.md",
        include_str!("new/PROMPT.md"),
        "what the model is told",
    ),
    ("NAME.gbot/config.csv", include_str!("new/config.csv"), "settings"),
];

/// Makes a package called `name` in the folder `bots`, and writes what was made to `out`. Gives the exit code: 0 when it
/// was made, 2 when not.
pub fn new(bots: &Path, name: &str, out: &mut dyn io::Write) -> u8 {
    let (code, said) = match make(bots, name) {
        Ok(text) => (OK, text),
        Err(why) => (UNABLE, format!("{why}\n")),
    };
    // When even this cannot be written, the exit code says it.
    let _ = out.write_all(said.as_bytes());
    code
}

fn make(bots: &Path, name: &str) -> Result<String, String> {
    let name = name.strip_suffix(".gbai").unwrap_or(name);
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) || name.starts_with('-') {
        return Err(format!(
            "{name:?} cannot be the name of a bot: use a-z, 0-9 and -, such as my-shop"
        ));
    }
    let folder = bots.join(format!("{name}.gbai"));
    if folder.exists() {
        return Err(format!("{} is there already: choose another name", folder.display()));
    }
    let unable = |path: &Path, error: &io::Error| format!("cannot write {}: {error}", path.display());
    let mut lines = vec![format!("made {}", folder.display())];
    for (path, content, purpose) in FILES {
        let path = path.replace("NAME", name);
        let file: PathBuf = folder.join(&path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(|error| unable(parent, &error))?;
        }
        fs::write(&file, content.replace("NAME", name)).map_err(|error| unable(&file, &error))?;
        lines.push(format!("  {path:<width$} {purpose}", width = name.len() + 25));
    }
    let shown = folder.display();
    lines.push(format!(
        "\ntry it: botserver bot test {shown}\n        botserver bot run {shown}\n"
    ));
    Ok(lines.join("\n"))
}
