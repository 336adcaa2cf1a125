//! What a prompt is given.

use botlib::Value;
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::template::is_name;

/// A value that a prompt is given by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name in lower case.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it is for.
    pub description: String,
    /// Whether the prompt cannot be without it.
    pub is_required: bool,
    /// What it is when nobody says, as text.
    pub default: Option<String>,
}

/// The type of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A day, as `2026-01-31`.
    Date,
    /// One of these texts.
    Choice(Vec<String>),
}

impl Kind {
    /// The names that files know.
    pub const NAMES: [&'static str; 5] = ["text", "number", "boolean", "date", "choice"];

    /// The name in files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Choice(_) => "choice",
        }
    }
}

impl Variable {
    /// Whether a text can be the name of a variable: letters without accents, digits and `_`, at most 64.
    pub fn is_name(text: &str) -> bool {
        is_name(text)
    }

    /// The value as the prompt shows it. A text that says a number, a date or the like is as good as one: clients of
    /// other protocols know texts only.
    ///
    /// # Errors
    /// A sentence that says what the variable takes.
    pub fn text_of(&self, value: &Value) -> Result<String, String> {
        let fitting = match (&self.kind, value) {
            (_, Value::Secret(_) | Value::List(_) | Value::Map(_) | Value::File(_)) => None,
            (Kind::Text, value) => Some(value.to_string()),
            (Kind::Number, Value::Int(_) | Value::Decimal(_))
            | (Kind::Boolean, Value::Bool(_))
            | (Kind::Date, Value::Date(_)) => Some(value.to_string()),
            (Kind::Number, Value::Text(text)) => {
                let number: Option<Decimal> = text.trim().parse().ok();
                number.map(|number| number.normalize().to_string())
            }
            (Kind::Boolean, Value::Text(text)) => match text.trim().to_lowercase().as_str() {
                "true" | "yes" => Some("true".to_owned()),
                "false" | "no" => Some("false".to_owned()),
                _ => None,
            },
            (Kind::Date, Value::DateTime(moment)) => Some(moment.format("%Y-%m-%d").to_string()),
            (Kind::Date, Value::Text(text)) => NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d")
                .ok()
                .map(|day| day.format("%Y-%m-%d").to_string()),
            (Kind::Choice(choices), value) => {
                let said = value.to_string();
                let chosen = choices.iter().find(|choice| choice.eq_ignore_ascii_case(said.trim()));
                chosen.cloned()
            }
            _ => None,
        };
        fitting.ok_or_else(|| format!("{} must be {}, not {}", self.name, self.wanted(), value.type_name()))
    }

    fn wanted(&self) -> String {
        match &self.kind {
            Kind::Text => "a text".to_owned(),
            Kind::Number => "a number".to_owned(),
            Kind::Boolean => "true or false".to_owned(),
            Kind::Date => "a date such as 2026-01-31".to_owned(),
            Kind::Choice(choices) => format!("one of {}", choices.join(", ")),
        }
    }
}
