//! The settings of a prompt.

use std::ops::Range;

use botlib::Value;
use botstate::prompt::{Hints, Kind, Variable};
use serde_yaml_ng::{Mapping, Value as Yaml};

use super::{File, lines};
use crate::basic::Severity;

/// Keys that a head may have.
const KEYS: [&str; 7] = [
    "name",
    "description",
    "author",
    "public",
    "variables",
    "model",
    "variants",
];

/// Keys that a variable may have.
const VARIABLE_KEYS: [&str; 5] = ["type", "description", "required", "default", "choices"];

/// Variables that a prompt may have.
const MAX_VARIABLES: usize = 64;

/// Variants that a prompt may have.
const MAX_VARIANTS: usize = 16;

/// What the head says.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) author: Option<String>,
    pub(super) is_public: bool,
    pub(super) hints: Hints,
    pub(super) variables: Vec<Variable>,
    /// Names and weights; empty when there is one text only.
    pub(super) variants: Vec<(String, u32)>,
}

impl File<'_> {
    pub(super) fn head(&mut self, span: Range<usize>, stem: &str) -> Option<Head> {
        let map = self.yaml(span)?;
        for key in map.keys() {
            let name = plain(key).unwrap_or_default();
            if !KEYS.contains(&name.as_str()) {
                let place = self.key(&[&name]);
                self.refuse("P111", place, format!("a prompt has no setting {name:?}"))
                    .help = Some(format!("it may have {}", KEYS.join(", ")));
            }
        }
        let given = self.text_at(&map, "name");
        let name = given.unwrap_or_else(|| stem.to_owned()).trim().to_lowercase();
        let fits = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            let place = self.key(&["name"]);
            let title = format!("{name:?} cannot be the name of a prompt");
            self.refuse("P111", place, title).help = Some("use letters, digits, `-`, `_` and `.`".to_owned());
        }
        let is_public = match map.get("public") {
            None | Some(Yaml::Null) => false,
            Some(Yaml::Bool(flag)) => *flag,
            Some(_) => {
                let place = self.key(&["public"]);
                self.refuse("P111", place, "public is true or false");
                false
            }
        };
        Some(Head {
            description: self.text_at(&map, "description").unwrap_or_default(),
            author: self.text_at(&map, "author"),
            is_public,
            hints: self.hints(&map),
            variables: self.variables(&map),
            variants: self.weights(&map),
            name,
        })
    }

    fn yaml(&mut self, span: Range<usize>) -> Option<Mapping> {
        let text = self.text().get(span.clone()).unwrap_or_default().to_owned();
        match serde_yaml_ng::from_str::<Yaml>(&text) {
            Ok(Yaml::Mapping(map)) => Some(map),
            Ok(Yaml::Null) => Some(Mapping::new()),
            Ok(_) => {
                self.refuse("P110", span, "the head of the prompt is no list of `name: value`");
                None
            }
            Err(error) => {
                let line = error.location().map_or(1, |place| place.line());
                let place = lines(self.text(), span.clone()).nth(line.saturating_sub(1));
                let place = place.map_or(span, |(place, line)| place.start..place.start + line.len());
                let why = error.to_string();
                // The place is shown with the line itself.
                let why = why.split(" at line ").next().unwrap_or_default().to_owned();
                self.refuse("P110", place, format!("the head of the prompt is no YAML: {why}"));
                None
            }
        }
    }

    fn text_at(&mut self, map: &Mapping, key: &str) -> Option<String> {
        let value = map.get(key).filter(|value| !value.is_null())?;
        let text = plain(value);
        if text.is_none() {
            let place = self.key(&[key]);
            self.refuse("P111", place, format!("{key} is a text"));
        }
        text
    }

    fn hints(&mut self, map: &Mapping) -> Hints {
        let mut hints = Hints::default();
        let given = match map.get("model") {
            None | Some(Yaml::Null) => return hints,
            Some(Yaml::Mapping(given)) => given,
            Some(value) => {
                hints.model = plain(value);
                if hints.model.is_none() {
                    let place = self.key(&["model"]);
                    self.refuse("P111", place, "model is a name, or name, temperature and max_tokens");
                }
                return hints;
            }
        };
        for (key, value) in given {
            let key = plain(key).unwrap_or_default();
            let is_good = match key.as_str() {
                "name" => {
                    hints.model = plain(value);
                    hints.model.is_some()
                }
                "temperature" => {
                    let number: Option<f32> = plain(value).and_then(|text| text.parse().ok());
                    hints.temperature = number.filter(|number| (0.0..=2.0).contains(number));
                    hints.temperature.is_some()
                }
                "max_tokens" => {
                    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                    hints.max_tokens = number.filter(|number| *number > 0);
                    hints.max_tokens.is_some()
                }
                _ => false,
            };
            if !is_good {
                let place = self.key(&["model", &key]);
                self.refuse("P111", place, format!("{key:?} of model cannot be that"))
                    .help = Some(
                    "model has a name, a temperature from 0 to 2 and max_tokens, a whole number above 0".to_owned(),
                );
            }
        }
        hints
    }

    fn variables(&mut self, map: &Mapping) -> Vec<Variable> {
        let mut variables: Vec<Variable> = Vec::new();
        let given = match map.get("variables") {
            None | Some(Yaml::Null) => return variables,
            Some(Yaml::Mapping(given)) => given,
            Some(_) => {
                let place = self.key(&["variables"]);
                self.refuse("P112", place, "variables are written `name: type`, one a line");
                return variables;
            }
        };
        for (key, value) in given.iter().take(MAX_VARIABLES) {
            let written = plain(key).unwrap_or_default();
            let place = self.key(&["variables", &written]);
            if !Variable::is_name(&written) {
                let title = format!("{written:?} cannot be the name of a variable");
                self.refuse("P112", place, title).help =
                    Some("use letters without accents, digits and `_`, and begin with a letter".to_owned());
                continue;
            }
            let name = written.to_lowercase();
            if variables.iter().any(|known| known.name == name) {
                self.refuse("P112", place, format!("there is a variable {name} already"));
                continue;
            }
            variables.extend(self.variable(name, value, &place));
        }
        if given.len() > MAX_VARIABLES {
            let place = self.key(&["variables"]);
            let title = format!(
                "the prompt has {} variables, and {MAX_VARIABLES} are the most",
                given.len()
            );
            self.refuse("P112", place, title);
        }
        variables
    }

    fn variable(&mut self, name: String, value: &Yaml, place: &Range<usize>) -> Option<Variable> {
        let empty = Mapping::new();
        let (kind, given) = match value {
            Yaml::Mapping(given) => (given.get("type").map_or(Some("text".to_owned()), plain), given),
            Yaml::Null => (Some("text".to_owned()), &empty),
            value => (plain(value), &empty),
        };
        for key in given.keys() {
            let key = plain(key).unwrap_or_default();
            if !VARIABLE_KEYS.contains(&key.as_str()) {
                self.refuse("P112", place.clone(), format!("a variable has no setting {key:?}"))
                    .help = Some(format!("it may have {}", VARIABLE_KEYS.join(", ")));
            }
        }
        let kind = self.kind(&name, &kind.unwrap_or_default(), given, place)?;
        let is_required = match given.get("required") {
            None | Some(Yaml::Null) => None,
            Some(Yaml::Bool(flag)) => Some(*flag),
            Some(_) => {
                self.refuse("P112", place.clone(), format!("required of {name} is true or false"));
                None
            }
        };
        let default = given.get("default").filter(|value| !value.is_null());
        let mut variable = Variable {
            name,
            kind,
            description: given.get("description").and_then(plain).unwrap_or_default(),
            // Who says nothing about it means one that must be given, unless there is something to fall back to.
            is_required: is_required.unwrap_or(default.is_none()),
            default: None,
        };
        if let Some(value) = default {
            let typed = match value {
                Yaml::Bool(flag) => Some(Value::Bool(*flag)),
                value => plain(value).map(Value::Text),
            };
            // A number is no text by mistake only where a text is asked for; YAML knows no other way to write `007`.
            match typed.map(|typed| variable.text_of(&typed)) {
                Some(Ok(text)) => variable.default = Some(text),
                Some(Err(why)) => {
                    self.refuse("P112", place.clone(), format!("the default does not fit: {why}"));
                }
                None => {
                    self.refuse(
                        "P112",
                        place.clone(),
                        format!("the default of {} is one value", variable.name),
                    );
                }
            }
            if is_required == Some(true) {
                let title = format!("{} is required, so its default is never used", variable.name);
                self.report("P112", Severity::Warning, place.clone(), title);
                variable.default = None;
            }
        }
        Some(variable)
    }

    fn kind(&mut self, name: &str, kind: &str, given: &Mapping, place: &Range<usize>) -> Option<Kind> {
        let choices = given.get("choices").filter(|value| !value.is_null());
        let kind = match kind.to_lowercase().as_str() {
            "text" => Kind::Text,
            "number" => Kind::Number,
            "boolean" => Kind::Boolean,
            "date" => Kind::Date,
            "choice" => {
                let listed = choices.and_then(Yaml::as_sequence);
                let words: Vec<String> = listed.into_iter().flatten().filter_map(plain).collect();
                if words.is_empty() || listed.is_some_and(|listed| listed.len() != words.len()) {
                    let title = format!("{name} is a choice of nothing");
                    self.refuse("P112", place.clone(), title).help = Some("add `choices: [one, another]`".to_owned());
                    return None;
                }
                return Some(Kind::Choice(words));
            }
            _ => {
                let title = format!("{name} has the type {kind:?}, which there is not");
                self.refuse("P112", place.clone(), title).help = Some(format!("types are {}", Kind::NAMES.join(", ")));
                return None;
            }
        };
        if choices.is_some() {
            let title = format!("{name} has choices and is no choice");
            self.refuse("P112", place.clone(), title).help = Some("write `type: choice`".to_owned());
        }
        Some(kind)
    }

    fn weights(&mut self, map: &Mapping) -> Vec<(String, u32)> {
        let mut weights: Vec<(String, u32)> = Vec::new();
        let given = match map.get("variants") {
            None | Some(Yaml::Null) => return weights,
            Some(Yaml::Mapping(given)) => given,
            Some(_) => {
                let place = self.key(&["variants"]);
                self.refuse("P114", place, "variants are written `name: weight`, one a line");
                return weights;
            }
        };
        for (key, value) in given {
            let name = plain(key).unwrap_or_default().to_lowercase();
            let place = self.key(&["variants", &name]);
            let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
            if name.is_empty() || name.len() > 32 || !name.chars().all(fits) {
                let title = format!("{name:?} cannot be the name of a variant");
                self.refuse("P114", place, title).help = Some("use letters, digits, `-` and `_`".to_owned());
                continue;
            }
            if let Some(weight) = value.as_u64().filter(|weight| *weight <= 1_000_000) {
                weights.push((name, u32::try_from(weight).unwrap_or(u32::MAX)));
            } else {
                let title = format!("the weight of {name} is a whole number from 0 to 1000000");
                self.refuse("P114", place, title);
            }
        }
        let place = self.key(&["variants"]);
        if weights.len() > MAX_VARIANTS {
            let title = format!(
                "the prompt has {} variants, and {MAX_VARIANTS} are the most",
                weights.len()
            );
            self.refuse("P114", place, title);
        } else if weights.iter().all(|(_, weight)| *weight == 0) {
            self.refuse(
                "P114",
                place,
                "no variant has a weight above 0, so nobody would get any",
            );
        }
        weights
    }
}

/// A value that is one word or text, as text.
fn plain(value: &Yaml) -> Option<String> {
    match value {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Number(number) => Some(number.to_string()),
        Yaml::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
