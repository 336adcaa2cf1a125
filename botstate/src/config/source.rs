//! Reads typed values from flags, environment and file, and remembers every mistake.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use super::keys::{KEYS, Key};

/// Where values come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Flags of the command line, by key.
    pub flags: BTreeMap<String, String>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Name and text of the file, if there is one.
    pub file: Option<(String, String)>,
}

/// One thing wrong in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where: a flag, a variable, a key of the file.
    pub place: String,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

/// Every mistake of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(pub Vec<Mistake>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "mistake" } else { "mistakes" };
        write!(f, "{} {plural} in the configuration", self.0.len())?;
        for mistake in &self.0 {
            write!(
                f,
                "\n  {}: {}\n      {}",
                mistake.place, mistake.problem, mistake.remedy
            )?;
        }
        Ok(())
    }
}

/// Reads values and collects mistakes.
pub(super) struct Reader<'a> {
    sources: &'a Sources,
    file: toml::Table,
    mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        let mut reader = Self {
            sources,
            file: toml::Table::new(),
            mistakes: Vec::new(),
        };
        reader.read_file();
        reader.refuse_unknown_variables();
        reader
    }

    fn read_file(&mut self) {
        let Some((name, text)) = &self.sources.file else { return };
        match text.parse::<toml::Table>() {
            Ok(table) => self.file = table,
            Err(error) => self.mistakes.push(Mistake {
                place: name.clone(),
                problem: error.message().to_owned(),
                remedy: "write one `key = value` a line, text in quotes".to_owned(),
            }),
        }
        for key in self.file.keys() {
            if find(key).is_none() {
                self.mistakes.push(unknown(
                    format!("{name}: {key}"),
                    key,
                    KEYS.iter().map(|known| known.name),
                ));
            }
        }
    }

    fn refuse_unknown_variables(&mut self) {
        let known = || KEYS.iter().flat_map(|key| key.env.iter().copied());
        for name in self.sources.env.keys().filter(|name| name.starts_with("BOTSERVER_")) {
            if !known().any(|variable| variable == name) {
                self.mistakes.push(unknown(name.clone(), name, known()));
            }
        }
    }

    /// The text given for `key` and where it stood.
    fn lookup(&self, key: &Key) -> Option<(String, String)> {
        if let Some(text) = self.sources.flags.get(key.name) {
            return Some((format!("--{}", key.name.replace('_', "-")), text.clone()));
        }
        for name in key.env {
            if let Some(text) = self.sources.env.get(*name).filter(|text| !text.is_empty()) {
                return Some(((*name).to_owned(), text.clone()));
            }
        }
        let value = self.file.get(key.name)?;
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                .collect::<Vec<_>>()
                .join(","),
            other => other.to_string(),
        };
        let file = self.sources.file.as_ref().map_or("", |(name, _)| name.as_str());
        Some((format!("{file}: {}", key.name), text))
    }

    /// The value of `name` read by `parse`, which answers with what it expected when it cannot.
    #[expect(
        clippy::panic,
        reason = "names of keys are constants of the code, all read by a test"
    )]
    pub(super) fn with<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let Some(key) = find(name) else {
            panic!("the key {name} is not in the table")
        };
        if let Some((place, text)) = self.lookup(key) {
            match parse(text.trim()) {
                Ok(value) => return value,
                Err(expected) => self.mistakes.push(Mistake {
                    place,
                    problem: if key.secret {
                        "the value cannot be read".to_owned()
                    } else {
                        format!("{text:?} cannot be read")
                    },
                    remedy: format!("expected: {expected}"),
                }),
            }
        }
        match parse(key.default) {
            Ok(value) => value,
            Err(error) => panic!("the default of {name} is wrong: {error}"),
        }
    }

    pub(super) fn required<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> T {
        self.with(name, |text| text.parse().map_err(|error| describe::<T>(&error)))
    }

    pub(super) fn optional<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Option<T> {
        self.checked_optional(name, |text| text.parse().map_err(|error| describe::<T>(&error)))
    }

    pub(super) fn checked_optional<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        self.with(name, |text| {
            if text.is_empty() {
                Ok(None)
            } else {
                parse(text).map(Some)
            }
        })
    }

    pub(super) fn list<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Vec<T> {
        self.with(name, |text| {
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| item.parse().map_err(|error| describe::<T>(&error)))
                .collect()
        })
    }

    pub(super) fn seconds(&mut self, name: &str) -> Duration {
        self.with(name, |text| {
            text.parse()
                .ok()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                .ok_or_else(|| "a number of seconds, such as 2.5".to_owned())
        })
    }

    /// Days, of which 0 means for ever.
    pub(super) fn days(&mut self, name: &str) -> Option<Duration> {
        Some(self.required::<u32>(name))
            .filter(|days| *days > 0)
            .map(|days| Duration::from_secs(u64::from(days) * 86_400))
    }

    /// The configuration, unless there were mistakes.
    pub(super) fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.mistakes.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(self.mistakes))
        }
    }
}

fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

fn describe<T>(error: &dyn fmt::Display) -> String {
    let kind = std::any::type_name::<T>();
    let kind = kind.rsplit("::").next().unwrap_or(kind);
    match kind {
        "u16" => "a port, 0 to 65535".to_owned(),
        "u32" | "u64" | "usize" => "a whole number".to_owned(),
        "bool" => "true or false".to_owned(),
        "IpAddr" => "an address such as 127.0.0.1 or ::1".to_owned(),
        "IpNet" => "a network such as 10.0.0.0/8".to_owned(),
        "Url" => "a URL such as https://bots.example.org".to_owned(),
        _ => error.to_string(),
    }
}

fn unknown(place: String, name: &str, known: impl Iterator<Item = &'static str>) -> Mistake {
    let nearest = known.min_by_key(|candidate| distance(name, candidate));
    Mistake {
        place,
        problem: "no such key".to_owned(),
        remedy: nearest.map_or_else(String::new, |nearest| format!("did you mean `{nearest}`?")),
    }
}

/// Levenshtein's distance, in letters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let cost = diagonal + usize::from(x != *y);
            diagonal = *cell;
            left = cost.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
