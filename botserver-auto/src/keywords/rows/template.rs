//! Templates: `{{name}}` stands for a member of a row.

use botlib::{Value, value::Map};
use botstate::dialog::Fault;

use super::source::member;
use crate::basic::{tabular::plain, value::check_text};

/// The template with its fields filled in from a row. A text that is nothing but one field keeps the type of its value.
pub(super) fn value(template: &Value, row: &Map) -> Result<Value, Fault> {
    Ok(match template {
        Value::Text(text) => {
            let trimmed = text.trim();
            let sole = trimmed
                .strip_prefix("{{")
                .and_then(|rest| rest.strip_suffix("}}"))
                .filter(|name| !name.contains("{{") && !name.contains("}}"));
            match sole {
                Some(name) => member(row, name.trim()),
                None => Value::Text(self::text(text, row)?),
            }
        }
        Value::List(items) => Value::List(items.iter().map(|item| value(item, row)).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            let mut filled = Map::new();
            for (name, item) in map.iter() {
                filled.insert(name, value(item, row)?);
            }
            Value::Map(filled)
        }
        other => other.clone(),
    })
}

/// The text with its fields filled in.
pub(super) fn text(template: &str, row: &Map) -> Result<String, Fault> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            filled.push_str("{{");
            rest = after;
            continue;
        };
        filled.push_str(&plain(&member(row, name.trim()))?);
        check_text(filled.len())?;
        rest = after;
    }
    filled.push_str(rest);
    check_text(filled.len())?;
    Ok(filled)
}
