//! FORMAT: numbers, dates and texts by pattern.

mod date;
mod number;
mod text;

use super::{
    dates, number as numbers, run,
    value::{Outcome, Val},
};

/// The value as text by `pattern`; without one, what TALK prints.
pub(crate) fn format(value: &Val, pattern: Option<&str>) -> Outcome<String> {
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else {
        return Ok(value.print()?.to_string());
    };
    if matches!(value, Val::Null) {
        return Ok(String::new());
    }
    if pattern.eq_ignore_ascii_case("json") {
        return Ok(super::value::to_value(value).to_json().to_string());
    }
    let dated = match value {
        Val::Date(_) | Val::DateTime(_) => true,
        Val::Text(text) => date::is_pattern(pattern) && dates::parse(text).is_some(),
        _ => false,
    };
    if dated {
        return Ok(date::format(dates::moment(value)?, pattern, &language()));
    }
    if let Some(style) = number::style(pattern)
        && let Ok(parsed) = numbers::operand(value)
    {
        return Ok(number::format(parsed.decimal(), &style, &language()));
    }
    Ok(text::format(&value.print()?, pattern))
}

/// The visitor's language, two letters.
pub(crate) fn language() -> String {
    run::with(|run| run.locale.split(['-', '_']).next().unwrap_or_default().to_lowercase())
}
