//! Rows as text: CSV and TSV in and out, YAML and XML out.

use std::fmt::Write as _;

use botlib::{Value, value::Map};
use botstate::dialog::{Fault, FaultKind};

use super::{
    number,
    value::{Outcome, misfit, to_value},
};

/// Rows that a table of a file may have.
pub(crate) const MAX_ROWS: usize = 200_000;

/// The value of a cell: numbers where the text looks like one, so that codes such as `007` stay text.
pub(crate) fn cell(text: &str) -> Value {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Value::Null;
    }
    if trimmed.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if trimmed.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    number::looks_numeric(trimmed).map_or_else(|| Value::text(text), |number| to_value(&number.val()))
}

/// A table: the names of its columns, and its rows in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Map>,
}

impl Table {
    /// The table of rows that were made elsewhere: columns in the order in which they first appear.
    pub(crate) fn of(rows: Vec<Map>) -> Self {
        let mut columns: Vec<String> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for row in &rows {
            for (name, _) in row.iter() {
                if known.insert(name.to_lowercase()) {
                    columns.push(name.to_owned());
                }
            }
        }
        Self { columns, rows }
    }

    /// Adds a row; names that the table does not know become columns.
    pub(crate) fn push(&mut self, row: Map) {
        for (name, _) in row.iter() {
            if !self.columns.iter().any(|column| column.eq_ignore_ascii_case(name)) {
                self.columns.push(name.to_owned());
            }
        }
        self.rows.push(row);
    }

    /// The rows as a value.
    pub(crate) fn into_value(self) -> Value {
        Value::List(self.rows.into_iter().map(Value::Map).collect())
    }
}

/// Names for columns: what the header says, made unique, `column3` where it says nothing.
pub(crate) fn header<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for (index, name) in names.enumerate() {
        let plain = name.trim().trim_start_matches('\u{feff}');
        let mut name = if plain.is_empty() {
            format!("column{}", index + 1)
        } else {
            plain.to_owned()
        };
        while columns.iter().any(|column| column.eq_ignore_ascii_case(&name)) {
            name.push('_');
        }
        columns.push(name);
    }
    columns
}

/// Refuses tables with more rows than a script may hold.
pub(crate) fn check_rows(count: usize) -> Outcome<()> {
    if count <= MAX_ROWS {
        return Ok(());
    }
    Err(
        Fault::new(FaultKind::Limit, format!("the table has more than {MAX_ROWS} rows"))
            .hint("keep large data in a table of the bot and read the rows that are needed"),
    )
}

/// The separator that the first line uses most.
fn separator(text: &str) -> u8 {
    let line = text.lines().next().unwrap_or_default();
    let count = |sign: char| line.matches(sign).count();
    let (commas, semicolons, tabs) = (count(','), count(';'), count('\t'));
    if tabs > commas && tabs > semicolons {
        b'\t'
    } else if semicolons > commas {
        b';'
    } else {
        b','
    }
}

/// The table in a CSV or TSV text; its first line names the columns.
pub(crate) fn read_csv(text: &str) -> Outcome<Table> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(text))
        .flexible(true)
        .from_reader(text.as_bytes());
    let broken = |error: csv::Error| misfit(format!("the text is not CSV: {error}"));
    let columns = header(reader.headers().map_err(broken)?.iter());
    let mut table = Table {
        columns,
        rows: Vec::new(),
    };
    for record in reader.records() {
        let record = record.map_err(broken)?;
        check_rows(table.rows.len() + 1)?;
        let cells = record.iter().chain(std::iter::repeat(""));
        let row = table.columns.iter().zip(cells);
        table
            .rows
            .push(row.map(|(name, text)| (name.clone(), cell(text))).collect());
    }
    Ok(table)
}

/// The table as CSV with that separator.
pub(crate) fn write_csv(table: &Table, separator: u8) -> Outcome<String> {
    let failed = |error: &dyn std::fmt::Display| misfit(format!("the rows cannot be written as CSV: {error}"));
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    if !table.columns.is_empty() {
        writer.write_record(&table.columns).map_err(|error| failed(&error))?;
    }
    for row in &table.rows {
        let cells = table
            .columns
            .iter()
            .map(|column| row.get(column).map_or(Ok(String::new()), plain));
        let cells = cells.collect::<Outcome<Vec<String>>>()?;
        writer.write_record(&cells).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a cell or an element shows; secrets are refused.
pub(crate) fn plain(value: &Value) -> Outcome<String> {
    if holds_secret(value) {
        return Err(misfit("a secret cannot become text")
            .hint("hand it to a keyword that takes secrets; it cannot be written to files"));
    }
    Ok(value.to_string())
}

/// Whether a secret is somewhere in the value.
pub(crate) fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(items) => items.iter().any(holds_secret),
        Value::Map(map) => map.iter().any(|(_, value)| holds_secret(value)),
        _ => false,
    }
}

/// The rows in a value: a list of objects, one object, or a list of plain values as the one column `value`.
pub(crate) fn rows(value: Value) -> Vec<Map> {
    match value {
        Value::Null => Vec::new(),
        Value::Map(row) => vec![row],
        Value::List(items) => items
            .into_iter()
            .flat_map(|item| rows_of_item(item).into_iter())
            .collect(),
        other => rows_of_item(other),
    }
}

fn rows_of_item(item: Value) -> Vec<Map> {
    match item {
        Value::Map(row) => vec![row],
        Value::List(cells) => {
            let named = cells
                .into_iter()
                .enumerate()
                .map(|(index, cell)| (format!("column{}", index + 1), cell));
            vec![named.collect()]
        }
        other => vec![Map::from_iter([("value".to_owned(), other)])],
    }
}

/// The value as YAML, in block style.
pub(crate) fn yaml(value: &Value) -> Outcome<String> {
    let mut text = String::new();
    yaml_into(&mut text, value, 0, false)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn yaml_into(text: &mut String, value: &Value, depth: usize, inline: bool) -> Outcome<()> {
    super::value::check_text(text.len())?;
    let pad = |text: &mut String, depth: usize| text.extend(std::iter::repeat_n("  ", depth));
    match value {
        Value::List(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if !(inline && index == 0) {
                    pad(text, depth);
                }
                text.push_str("- ");
                yaml_into(text, item, depth + 1, true)?;
            }
        }
        Value::Map(map) if !map.is_empty() => {
            for (index, (name, value)) in map.iter().enumerate() {
                if !(inline && index == 0) {
                    pad(text, depth);
                }
                text.push_str(&yaml_text(name));
                text.push(':');
                let nested = matches!(value, Value::List(items) if !items.is_empty())
                    || matches!(value, Value::Map(map) if !map.is_empty());
                text.push(if nested { '\n' } else { ' ' });
                yaml_into(text, value, depth + 1, false)?;
            }
        }
        Value::List(_) => text.push_str("[]\n"),
        Value::Map(_) => text.push_str("{}\n"),
        Value::Null => text.push_str("null\n"),
        Value::Text(content) => {
            text.push_str(&yaml_text(content));
            text.push('\n');
        }
        other => {
            text.push_str(&plain(other)?);
            text.push('\n');
        }
    }
    Ok(())
}

/// A text of YAML: bare where nothing else could be meant, else quoted as JSON is.
fn yaml_text(content: &str) -> String {
    let bare = content.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '/')
        && !content.ends_with(char::is_whitespace)
        && !content.contains(|c: char| c.is_control() || "#:{}[]&*!|>'\"%@`\\".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .iter()
            .any(|word| content.eq_ignore_ascii_case(word));
    if bare {
        content.to_owned()
    } else {
        serde_json::Value::from(content).to_string()
    }
}

/// The value as XML: members are elements, lists repeat the element that they are in.
pub(crate) fn xml(value: &Value) -> Outcome<String> {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    match value {
        Value::List(items) => {
            text.push_str("<rows>");
            for item in items {
                element(&mut text, "row", item)?;
            }
            text.push_str("</rows>");
        }
        // One member is a root of its own.
        Value::Map(map) if map.len() == 1 && !matches!(map.iter().next(), Some((_, Value::List(_)))) => {
            for (name, value) in map.iter() {
                element(&mut text, name, value)?;
            }
        }
        other => element(&mut text, "data", other)?,
    }
    Ok(text)
}

fn element(text: &mut String, name: &str, value: &Value) -> Outcome<()> {
    super::value::check_text(text.len())?;
    if let Value::List(items) = value {
        return items.iter().try_for_each(|item| element(text, name, item));
    }
    let mut tag: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    if !tag.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        tag.insert(0, '_');
    }
    match value {
        Value::Null => write!(text, "<{tag}/>").unwrap_or_default(),
        Value::Map(map) => {
            write!(text, "<{tag}>").unwrap_or_default();
            for (name, value) in map.iter() {
                element(text, name, value)?;
            }
            write!(text, "</{tag}>").unwrap_or_default();
        }
        other => {
            let shown = plain(other)?
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;");
            let shown: String = shown
                .chars()
                .filter(|c| !c.is_control() || "\n\r\t".contains(*c))
                .collect();
            write!(text, "<{tag}>{shown}</{tag}>").unwrap_or_default();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_what_they_look_like_and_codes_stay_text() {
        for (text, expected) in [
            ("12", Value::Int(12)),
            ("1.50", to_value(&number::parse("1.5").unwrap().val())),
            ("007", Value::text("007")),
            ("+55", Value::text("+55")),
            ("1234567890123456", Value::text("1234567890123456")),
            ("true", Value::Bool(true)),
            ("2026-01-02", Value::text("2026-01-02")),
            ("", Value::Null),
        ] {
            assert_eq!(cell(text), expected, "{text}");
        }
    }

    #[test]
    fn csv_is_read_with_its_own_separator_and_written_back() {
        let table = read_csv("\u{feff}name;price\n\"a;b\";2\n").unwrap();

        assert_eq!(table.columns, ["name", "price"]);
        assert_eq!(write_csv(&table, b',').unwrap(), "name,price\na;b,2\n");
    }

    #[test]
    fn yaml_and_xml_keep_the_order_and_quote_what_needs_it() {
        let value = Value::from_json(
            &serde_json::json!({"b": [{"x": 1, "y": "a: b"}, {"x": 2}], "a": {"t": "yes", "e": []}, "n": null}),
        );

        assert_eq!(
            yaml(&value).unwrap(),
            "b:\n  - x: 1\n    \"y\": \"a: b\"\n  - x: 2\na:\n  t: \"yes\"\n  e: []\n\"n\": null\n"
        );
        assert_eq!(
            xml(&Value::from_json(
                &serde_json::json!({"o r": {"a": "<1>", "l": [1, 2], "n": null}})
            ))
            .unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<o_r><a>&lt;1&gt;</a><l>1</l><l>2</l><n/></o_r>"
        );
    }
}
