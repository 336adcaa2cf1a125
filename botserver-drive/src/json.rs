//! JSON: lists of records become tables, objects become sections of named values.

use botstate::document::ExtractError;
use serde_json::{Deserializer, Map, Value};

use crate::{
    budget::{damaged, too_large},
    writer::Writer,
};

/// Whether a text begins like JSON: an object with a name, or a list.
pub(crate) fn looks_like_json(start: &str) -> bool {
    let mut letters = start.chars();
    let first = letters.next();
    let next = letters.find(|letter| !letter.is_whitespace());
    match (first, next) {
        (Some('{'), Some('"' | '}')) => true,
        (Some('['), Some(next)) => matches!(next, '{' | '[' | '"' | ']' | '-' | '0'..='9'),
        _ => false,
    }
}

/// One value, or one a line.
pub(crate) fn read(text: &str, out: &mut Writer) -> Result<(), ExtractError> {
    check_depth(text, out)?;
    let text = text.trim_start_matches('\u{feff}');
    let mut values = Vec::new();
    for value in Deserializer::from_str(text).into_iter::<Value>() {
        out.budget.tick()?;
        values.push(value.map_err(|error| damaged("JSON file", error.to_string()))?);
    }
    match values.as_slice() {
        [value] => section(value, 1, out),
        _ => list(&values, None, 1, out),
    }
}

/// Before anything is built: how deep the brackets go.
fn check_depth(text: &str, out: &mut Writer) -> Result<(), ExtractError> {
    let (mut depth, mut inside, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'[' | b'{' if !inside => {
                depth += 1;
                // What serde_json reads at all.
                if depth > 120 {
                    return Err(too_large("parts nested too deep", "120 levels"));
                }
                out.budget.depth(depth)?;
            }
            b']' | b'}' if !inside => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn section(value: &Value, level: u8, out: &mut Writer) -> Result<(), ExtractError> {
    match value {
        Value::Object(map) => object(map, level, out),
        Value::Array(items) => list(items, None, level, out),
        other => out.text(&shown(other)),
    }
}

fn object(map: &Map<String, Value>, level: u8, out: &mut Writer) -> Result<(), ExtractError> {
    let mut lines = String::new();
    for (name, value) in map {
        out.budget.tick()?;
        if let Some(line) = inline(value) {
            if !line.is_empty() {
                lines.extend([name.as_str(), ": ", &line.replace('\n', " "), "\n"]);
            }
            continue;
        }
        out.text(&std::mem::take(&mut lines))?;
        match value {
            Value::Array(items) => list(items, Some(name), level, out)?,
            other => {
                out.heading(level, name)?;
                section(other, level.saturating_add(1), out)?;
            }
        }
    }
    out.text(&lines)
}

fn list(items: &[Value], name: Option<&str>, level: u8, out: &mut Writer) -> Result<(), ExtractError> {
    if let Some(name) = name {
        out.heading(level, name)?;
    }
    let records: Option<Vec<&Map<String, Value>>> = items.iter().map(Value::as_object).collect();
    if let Some(records) = records
        && records
            .iter()
            .all(|record| record.values().all(|value| inline(value).is_some()))
    {
        return table(&records, out);
    }
    for item in items {
        out.budget.tick()?;
        match item {
            Value::Object(map) => object(map, level.saturating_add(1), out)?,
            Value::Array(inner) => match inline(item) {
                Some(line) => out.item(0, "-", &line)?,
                None => list(inner, None, level.saturating_add(1), out)?,
            },
            other => out.item(0, "-", &shown(other))?,
        }
    }
    Ok(())
}

fn table(records: &[&Map<String, Value>], out: &mut Writer) -> Result<(), ExtractError> {
    let mut header: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for record in records {
        for name in record.keys() {
            if known.insert(name.as_str()) {
                header.push(name.clone());
            }
        }
    }
    let cells = header.len().saturating_mul(records.len());
    out.budget.characters(cells / 64)?;
    if cells > out.budget.limits().characters {
        return Err(too_large(
            format!("a table of {cells} cells"),
            format!("{} cells", out.budget.limits().characters),
        ));
    }
    let mut rows = Vec::new();
    for record in records {
        out.budget.tick()?;
        let cell = |name: &String| record.get(name).and_then(inline).unwrap_or_default();
        rows.push(header.iter().map(cell).collect());
    }
    out.table(&header, &rows)
}

/// A value that fits in a line: no object, and no list with more than such values.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Object(map) if map.is_empty() => Some(String::new()),
        Value::Object(_) => None,
        Value::Array(items) => {
            let plain = |item: &Value| (!item.is_array() && !item.is_object()).then(|| shown(item));
            let items: Option<Vec<String>> = items.iter().map(plain).collect();
            Some(items?.join(", "))
        }
        other => Some(shown(other)),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
