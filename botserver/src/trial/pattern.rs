//! Small things that tests are written with: texts, times, patterns and values to compare.

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// What stands for any value where values are compared.
const ANY: &str = "*";

/// One or several texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Array(items) => Ok(Self(items.iter().map(text).collect())),
            Value::Object(_) => Err(D::Error::custom("expected a text or a list of texts")),
            one => Ok(Self(vec![text(&one)])),
        }
    }
}

/// A value as somebody would write it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Regular expressions, read when the file is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Patterns(pub(crate) Vec<Regex>);

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Texts(texts) = Texts::deserialize(deserializer)?;
        let read = |text: &String| {
            Regex::new(text).map_err(|error| {
                let why = error.to_string();
                let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
                D::Error::custom(format!("{text:?} is no regular expression: {last}"))
            })
        };
        texts.iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// Reads a moment such as `2030-05-14T09:00:00Z`.
pub(crate) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = DateTime::parse_from_rfc3339(&text).map(|moment| moment.to_utc());
    parsed.map_err(|_invalid| D::Error::custom(format!("{text:?} is no moment such as 2030-05-14T09:00:00Z")))
}

/// The same for a field that may be absent.
pub(crate) fn moment_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    moment(deserializer).map(Some)
}

/// A stretch of time, such as `90 minutes`.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) time: TimeDelta,
    pub(crate) text: String,
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text(&Value::deserialize(deserializer)?);
        let wrong = || {
            D::Error::custom(format!(
                "{text:?} is no stretch of time such as 90 seconds, 2 hours or 3 days"
            ))
        };
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at_checked(digits).ok_or_else(wrong)?;
        let number: i64 = number.parse().map_err(|_invalid| wrong())?;
        let unit = unit.trim().to_lowercase();
        let seconds = match unit.as_str() {
            "" | "s" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return Err(wrong()),
        };
        let time = number.checked_mul(seconds).and_then(TimeDelta::try_seconds);
        Ok(Self {
            time: time.ok_or_else(wrong)?,
            text,
        })
    }
}

/// Whether `text` is as `pattern` says, in which `*` stands for any text.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether `value` is the expected one: numbers by what they are worth, `*` for anything.
pub(crate) fn is(expected: &Value, value: &Value) -> bool {
    same(expected, value, false)
}

/// Whether `value` has at least what is expected: objects may have more members.
pub(crate) fn has(expected: &Value, value: &Value) -> bool {
    same(expected, value, true)
}

fn same(expected: &Value, value: &Value, more: bool) -> bool {
    match (expected, value) {
        (Value::String(any), _) if any == ANY => true,
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, more)),
        (Value::Object(a), Value::Object(b)) => {
            let has_all = |(name, wanted)| b.get(name).is_some_and(|found| same(wanted, found, more));
            (more || a.len() == b.len()) && a.iter().all(has_all)
        }
        _ => expected == value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, fitting) in [
            ("https://a/x", "https://a/x", true),
            ("https://a/x", "https://a/xy", false),
            ("https://a/*", "https://a/", true),
            ("*/x?q=*&z", "https://a/x?q=1&y&z", true),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, text), fitting, "{pattern} {text}");
        }
    }

    #[test]
    fn values_are_compared_by_what_they_are_worth() {
        let order = json!({ "id": 7, "total": 10.0, "lines": [1, 2] });

        assert!(is(&json!({ "id": "*", "total": 10, "lines": [1.0, 2] }), &order));
        assert!(!is(&json!({ "id": 7 }), &order));
        assert!(has(&json!({ "id": 7 }), &order));
        assert!(!has(&json!({ "id": 8 }), &order));
        assert!(!has(&json!({ "lines": [1] }), &order));
    }
}
