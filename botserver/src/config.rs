//! Where the configuration comes from.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use botstate::config::{Config, KEYS, Sources};

use crate::cli::Options;

/// The file that is read when none is named.
const FILE: &str = "botserver.toml";

/// Reads the configuration from flags, environment and file.
pub(crate) fn read(options: &Options) -> anyhow::Result<Config> {
    let sources = Sources {
        flags: flags(options)?,
        env: environment(),
        file: file(options)?,
    };
    Ok(Config::read(&sources)?)
}

fn flags(options: &Options) -> anyhow::Result<BTreeMap<String, String>> {
    let mut flags = BTreeMap::new();
    for setting in &options.settings {
        let (key, value) = setting
            .split_once('=')
            .with_context(|| format!("--set {setting}: write it as key=value"))?;
        anyhow::ensure!(
            KEYS.iter().any(|known| known.name == key),
            "--set {key}: no such setting; `botserver settings` lists them"
        );
        flags.insert(key.to_owned(), value.to_owned());
    }
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let named = [
        ("host", options.host.clone()),
        ("port", options.port.clone()),
        ("data_dir", path(&options.data_dir)),
        ("bots_dir", path(&options.bots_dir)),
    ];
    flags.extend(
        named
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?))),
    );
    Ok(flags)
}

/// The environment; variables that are not text cannot be ours.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn file(options: &Options) -> anyhow::Result<Option<(String, String)>> {
    let path = options.config.as_deref().unwrap_or_else(|| Path::new(FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.display().to_string(), text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && options.config.is_none() => Ok(None),
        Err(error) => Err(error).with_context(|| format!("could not read {}", path.display())),
    }
}
