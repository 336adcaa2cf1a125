//! Data files: CSV, TSV, XLSX and JSON as rows.

use botlib::{Value, value::Map};
use botstate::dialog::Fault;

use super::{FilePath, sheet};
use crate::basic::{
    tabular::{self, Table},
    value::misfit,
};

/// Endings of files that are read as rows.
const TABLES: [&str; 6] = ["csv", "tsv", "xlsx", "xls", "ods", "json"];

/// Whether a name is one of a data file.
pub(crate) fn is_table(name: &str) -> bool {
    TABLES.contains(&super::path::ending(name.trim()).as_str())
}

/// The rows in the bytes of a data file.
///
/// # Errors
/// When the bytes are not what the ending promises.
pub(crate) fn parse(path: &FilePath, bytes: &[u8]) -> Result<Table, Fault> {
    let text = || String::from_utf8_lossy(bytes);
    let within = |fault: Fault| Fault {
        message: format!("{path}: {}", fault.message),
        ..fault
    };
    match path.ending().as_str() {
        "json" => {
            if text().trim().is_empty() {
                return Ok(Table::default());
            }
            let json = serde_json::from_slice(bytes)
                .map_err(|error| within(misfit(format!("the file is not JSON: {error}"))))?;
            let rows = tabular::rows(Value::from_json(&json));
            tabular::check_rows(rows.len())?;
            Ok(Table::of(rows))
        }
        "xlsx" | "xls" | "ods" => sheet::read(bytes).map_err(within),
        _ => tabular::read_csv(&text()).map_err(within),
    }
}

/// The bytes of a data file with those rows.
pub(super) fn bytes(path: &FilePath, table: &Table) -> Result<Vec<u8>, Fault> {
    tabular::check_rows(table.rows.len())?;
    match path.ending().as_str() {
        "json" => {
            let rows = Value::List(table.rows.iter().cloned().map(Value::Map).collect());
            Ok(json(&rows)?.into_bytes())
        }
        "xlsx" => sheet::write(table),
        "tsv" => tabular::write_csv(table, b'\t').map(String::into_bytes),
        "csv" => tabular::write_csv(table, b',').map(String::into_bytes),
        ending => Err(misfit(format!("rows cannot be written to {path}, a .{ending} file"))
            .hint("write to a .csv, .tsv, .xlsx or .json file")),
    }
}

fn json(value: &Value) -> Result<String, Fault> {
    if tabular::holds_secret(value) {
        return Err(misfit("a secret cannot be written to a file"));
    }
    serde_json::to_string_pretty(&value.to_json()).map_err(|error| misfit(error.to_string()))
}

/// A value as the bytes of a file, by the ending of its name.
///
/// # Errors
/// When a secret is in the value, or rows are too many.
pub(crate) fn serialise(path: &FilePath, value: Value) -> Result<Vec<u8>, Fault> {
    let structured = matches!(value, Value::List(_) | Value::Map(_));
    let text = match path.ending().as_str() {
        "xlsx" => {
            let table = match &value {
                // A workbook of a CSV text has its cells.
                Value::Text(text) => tabular::read_csv(text)?,
                _ => Table::of(rows(value)),
            };
            return sheet::write(&table);
        }
        "csv" | "tsv" if structured => return bytes(path, &Table::of(rows(value))),
        "json" if structured => json(&value)?,
        "yaml" | "yml" if structured => tabular::yaml(&value)?,
        "xml" if structured => tabular::xml(&value)?,
        _ => match &value {
            // A list is written as lines.
            Value::List(items) if items.iter().all(|item| !matches!(item, Value::List(_) | Value::Map(_))) => {
                let lines = items.iter().map(tabular::plain).collect::<Result<Vec<_>, _>>()?;
                lines.join("\n")
            }
            other => tabular::plain(other)?,
        },
    };
    Ok(text.into_bytes())
}

fn rows(value: Value) -> Vec<Map> {
    tabular::rows(value)
}
