//! Paths that scripts name, checked before anything is done with them.

use std::fmt;

use botstate::dialog::{Fault, FaultKind};

/// Bytes that a path may have.
const LONGEST: usize = 1024;

/// Bytes that one name of a path may have, as file systems allow.
const LONGEST_NAME: usize = 240;

/// How many folders a file may lie in.
const DEEPEST: usize = 24;

/// Names that are devices on some systems, with any ending.
const DEVICES: [&str; 22] = [
    "aux", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con", "lpt1", "lpt2", "lpt3",
    "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul", "prn",
];

/// Folders of a package whose files are the bot's own, so that their names in front of a path say nothing.
const OWN: [&str; 3] = [".gbai", ".gbdrive", ".gbdata"];

/// A path below the folder of a bot's files: names with `/` between them, none of which leads elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FilePath(String);

impl FilePath {
    /// The path that a script wrote: `reports/june.csv`, `shop.gbdrive/reports/june.csv`, `./june.csv`.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] when it is empty, leads out of the bot's files, or has a name that no file may have.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        Self::folder(text)?.ok_or_else(|| refuse(text, "it names no file"))
    }

    /// The same for a folder; nothing for the folder of all files.
    pub(crate) fn folder(text: &str) -> Result<Option<Self>, Fault> {
        let plain = text.trim().replace('\\', "/");
        if plain.len() > LONGEST {
            return Err(refuse(text, "it is too long"));
        }
        if plain.starts_with('/') {
            return Err(refuse(text, "it is absolute").hint("name files below the bot's own folder: reports/june.csv"));
        }
        let mut names: Vec<&str> = Vec::new();
        for name in plain.split('/') {
            match name {
                "" | "." => {}
                ".." => {
                    return Err(refuse(text, "it leads out of the bot's files"));
                }
                _ => {
                    check(text, name)?;
                    names.push(name);
                }
            }
        }
        while names.first().is_some_and(|name| is_own_folder(name)) {
            names.remove(0);
        }
        if names.len() > DEEPEST {
            return Err(refuse(text, "it lies too deep"));
        }
        Ok((!names.is_empty()).then(|| Self(names.join("/"))))
    }

    /// The path of `name` in this folder.
    pub(crate) fn join(folder: Option<&Self>, name: &str) -> Result<Self, Fault> {
        match folder {
            Some(folder) => Self::parse(&format!("{folder}/{name}")),
            None => Self::parse(name),
        }
    }

    /// The last name.
    pub(crate) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The ending of the last name in small letters, without its dot.
    pub(crate) fn ending(&self) -> String {
        ending(self.name())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ending of a name in small letters, without its dot.
pub(crate) fn ending(name: &str) -> String {
    name.rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase())
        .unwrap_or_default()
}

fn is_own_folder(name: &str) -> bool {
    let lower = name.to_lowercase();
    OWN.iter().any(|ending| lower.ends_with(ending))
}

fn check(text: &str, name: &str) -> Result<(), Fault> {
    if name.len() > LONGEST_NAME {
        return Err(refuse(text, "a name in it is too long"));
    }
    let odd = |c: char| {
        c.is_control()
            || "<>:\"|?*".contains(c)
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if name.contains(odd) {
        return Err(refuse(
            text,
            "a name in it has characters that names of files may not have",
        ));
    }
    if name.starts_with('.') || name.starts_with('~') || name.ends_with('.') || name.trim() != name {
        return Err(refuse(
            text,
            "names of files neither begin with a dot nor end with a dot or a blank",
        ));
    }
    let stem = name.split('.').next().unwrap_or(name).trim().to_lowercase();
    if DEVICES.contains(&stem.as_str()) {
        return Err(refuse(text, "it is the name of a device"));
    }
    Ok(())
}

fn refuse(text: &str, why: &str) -> Fault {
    let shown: String = text.chars().take(64).collect();
    Fault::new(
        FaultKind::Argument,
        format!("{shown:?} cannot be a file of the bot: {why}"),
    )
}

/// The folder of a bot's files: its name where that is plain, so that operators find it.
pub(super) fn folder_name(bot: &str) -> String {
    let lower = bot.to_lowercase();
    let plain: String = lower
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    if plain == lower && !plain.is_empty() && !DEVICES.contains(&plain.as_str()) {
        return plain;
    }
    // Two names that look alike when their odd characters are gone must not share a folder.
    let hash = crate::files::md5_of(lower.as_bytes());
    format!("{plain}-{}", hash.get(..12).unwrap_or_default())
}
