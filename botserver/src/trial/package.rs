//! Packages and the tests in them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::pattern;

/// How the names of files with tests end.
const ENDING: &str = ".test.yaml";
/// How deep folders are looked through.
const DEEPEST: usize = 8;
/// Settings that would lead a test to a model of the true world.
const OUTSIDE: [&str; 5] = ["llm-url", "llm-key", "llm-api-key", "llm-model", "llm-endpoint-path"];

/// The files with tests at or below `path`, by name.
pub(crate) fn tests(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    ensure!(path.exists(), "{}", botserver_auto::cli::missing(path));
    let meta = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !meta.is_dir() {
        ensure!(
            is_test(path),
            "{} is no file of tests: their names end in {ENDING}",
            path.display()
        );
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    look(path, 0, &mut found)?;
    found.sort();
    Ok(found)
}

fn look(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !is_hidden && depth < DEEPEST {
            look(&path, depth + 1, found)?;
        } else if is_test(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_test(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().ends_with(ENDING))
}

/// The package that a file of tests lies in, or the one beside it that the test names.
pub(crate) fn of(file: &Path, named: Option<&str>) -> anyhow::Result<PathBuf> {
    let full = fs::canonicalize(file).with_context(|| format!("cannot read {}", file.display()))?;
    let own = full.ancestors().find(|folder| {
        let ending = folder.extension();
        ending.is_some_and(|ending| ending.eq_ignore_ascii_case("gbai")) && folder.is_dir()
    });
    let found = match (own, named) {
        (Some(own), None) => own.to_owned(),
        (Some(own), Some(name)) => own.with_file_name(format!("{name}.gbai")),
        (None, Some(name)) => full.with_file_name(format!("{name}.gbai")),
        (None, None) => anyhow::bail!("the file lies in no package: put it into one, or write `bot: name`"),
    };
    ensure!(
        found.is_dir(),
        "there is no package {}: name one that lies beside",
        found.display()
    );
    Ok(found)
}

/// The name of the bot that a package is.
pub(crate) fn bot_name(package: &Path) -> anyhow::Result<String> {
    let name = package.file_stem().and_then(|name| name.to_str());
    name.map(str::to_owned)
        .with_context(|| format!("{} has no name that is text", package.display()))
}

/// The scripts of a package: their names without `.bas` in lower case, and where they are.
pub(crate) fn scripts(package: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    fn walk(folder: &Path, depth: usize, found: &mut Vec<(String, PathBuf)>) -> anyhow::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_script = path
                .extension()
                .is_some_and(|ending| ending.eq_ignore_ascii_case("bas"));
            if path.is_dir() && depth < DEEPEST {
                walk(&path, depth + 1, found)?;
            } else if let (true, Some(stem)) = (is_script, path.file_stem()) {
                found.push((stem.to_string_lossy().to_lowercase(), path));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    walk(package, 0, &mut found)?;
    found.sort();
    Ok(found)
}

/// Copies a package into the folder `bots`, with other settings in its `config.csv`.
pub(crate) fn copy(package: &Path, bots: &Path, config: &BTreeMap<String, Value>) -> anyhow::Result<()> {
    let name = package.file_name().context("a package needs a name")?;
    let target = bots.join(name);
    copy_folder(package, &target, 0)?;
    let settings = settings_file(&target)?;
    let before = fs::read_to_string(&settings).unwrap_or_else(|_| "name,value\n".to_owned());
    fs::write(&settings, with(&before, config))?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path, depth: usize) -> anyhow::Result<()> {
    ensure!(depth <= DEEPEST, "{} lies too deep", from.display());
    fs::create_dir_all(to)?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_folder(&path, &target, depth + 1)?;
        } else {
            fs::copy(&path, &target).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}

/// Where the settings of a package are, or will be.
fn settings_file(package: &Path) -> anyhow::Result<PathBuf> {
    let mut folders = vec![package.to_owned()];
    for entry in fs::read_dir(package)? {
        let path = entry?.path();
        if path.is_dir()
            && path
                .extension()
                .is_some_and(|ending| ending.eq_ignore_ascii_case("gbot"))
        {
            folders.insert(0, path);
        }
    }
    for folder in &folders {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if name.eq_ignore_ascii_case("config.csv") {
                return Ok(path);
            }
        }
    }
    let folder = folders.first().cloned().unwrap_or_default();
    Ok(folder.join("config.csv"))
}

/// The text of a `config.csv` with other rows: of two with the same name the last one counts.
fn with(before: &str, config: &BTreeMap<String, Value>) -> String {
    let mut text = before.trim_end().to_owned();
    text.push('\n');
    let ours = OUTSIDE.iter().map(|name| ((*name).to_owned(), String::new()));
    let given = config.iter().map(|(name, value)| (name.clone(), pattern::text(value)));
    for (name, value) in ours.chain(given) {
        let value = value.replace('"', "\"\"");
        text.extend([name.as_str(), ",\"", value.as_str(), "\"\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_of_a_test_come_last_and_none_lead_to_a_true_model() {
        let config = BTreeMap::from([
            ("param-places".to_owned(), json!(1)),
            ("x".to_owned(), json!("a \"b\"")),
        ]);

        let text = with("name,value\nllm-url,https://api.example.org\n", &config);

        assert!(text.ends_with("param-places,\"1\"\nx,\"a \"\"b\"\"\"\n"), "{text}");
        assert!(text.contains("llm-url,\"\"\n"), "{text}");
    }
}
