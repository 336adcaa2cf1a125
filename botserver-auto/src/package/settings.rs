//! `config.csv`: one `name,value` a line.

use std::sync::Arc;

use crate::basic::{Diagnostic, Severity, Source};

/// The rows of the file; what cannot be read is reported and left out.
pub(super) fn read(source: &Arc<Source>, diagnostics: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(source.text().as_bytes());
    let mut rows = Vec::new();
    let mut is_first = true;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let title = format!("the settings cannot be read: {error}");
                diagnostics.push(Diagnostic::new(source, "P103", Severity::Error, 0..0, title));
                return rows;
            }
        };
        let name = record.get(0).unwrap_or_default();
        // Values with commas are often written without quotes.
        let value = record.iter().skip(1).collect::<Vec<_>>().join(",");
        let value = value.trim_end_matches(',').trim();
        let is_header = is_first && (name.eq_ignore_ascii_case("name") || name.eq_ignore_ascii_case("key"));
        is_first = false;
        if is_header && value.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("value")) {
            continue;
        }
        match (name.is_empty(), value.is_empty()) {
            (true, true) => {}
            (true, false) => diagnostics.push(nameless(source, record.position())),
            _ => rows.push((name.to_owned(), value.to_owned())),
        }
    }
    rows
}

fn nameless(source: &Arc<Source>, position: Option<&csv::Position>) -> Diagnostic {
    let start = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or_default());
    let rest = source.slice(start..source.text().len());
    // The reader counts the blank lines before a record to it.
    let start = start + (rest.len() - rest.trim_start().len());
    let end = source
        .slice(start..source.text().len())
        .find('\n')
        .map_or(source.text().len(), |length| start + length);
    Diagnostic::new(
        source,
        "P103",
        Severity::Warning,
        start..end,
        "this setting has no name, so it is left out",
    )
    .help("write one `name,value` a line")
}
